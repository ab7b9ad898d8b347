import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

@Entity({ schema: 'stock', name: 'tickets' })
export class StockTicket {
  @PrimaryGeneratedColumn()
  id!: number;

  @Index({ unique: true })
  @Column('text')
  chatId!: string;

  @Column('text')
  status!: string;

  @Column('timestamptz', { default: () => 'now()' })
  openedAt!: Date;
}

@Entity({ schema: 'stock', name: 'ticket_messages' })
export class StockTicketMessage {
  @PrimaryGeneratedColumn()
  id!: number;

  @Index()
  @Column('int')
  ticketId!: number;

  @Column('bigint')
  messageId!: string;

  @Column('text')
  text!: string;

  @Column('timestamptz', { default: () => 'now()' })
  savedAt!: Date;
}
