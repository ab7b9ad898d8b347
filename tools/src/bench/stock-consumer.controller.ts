import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { DataSource } from 'typeorm';
import { StockTicket, StockTicketMessage } from './stock-ticket.entity.js';
import { STOCK_TOPIC } from './stock-settings.js';

interface Update {
  readonly message: { readonly message_id: number; readonly text: string; readonly chat: { readonly id: number } };
}

/** The stock way: one message at a time; find the ticket of the chat, save one if there is none, save the message. */
@Controller()
export class StockConsumerController {
  constructor(@Inject(DataSource) private readonly database: DataSource) {}

  @EventPattern(STOCK_TOPIC)
  async handle(@Payload() { message }: Update): Promise<void> {
    const tickets = this.database.getRepository(StockTicket);
    const chatId = String(message.chat.id);
    const ticket = (await tickets.findOneBy({ chatId })) ?? (await tickets.save({ chatId, status: 'open' }));
    await this.database
      .getRepository(StockTicketMessage)
      .save({ ticketId: ticket.id, messageId: String(message.message_id), text: message.text });
  }
}
