import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What happens around a conversation without a message is recorded: its outcome, and which messages are deleted. */
export class RecordEvents1764900000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop index ticketing.tickets_of_customer_by_age');
    await queryRunner.query('alter table ticketing.ticket_messages drop column deleted_at');
    await queryRunner.query('alter table ticketing.ledger drop constraint outcome_is_known');
    await queryRunner.query(
      `update ticketing.ledger set outcome = 'ignored', reason = 'not-a-message' where outcome = 'event-recorded'`,
    );
    await queryRunner.query(
      `alter table ticketing.ledger add constraint ledger_outcome_check check (outcome in ('ticket-opened', 'message-appended',
         'message-edited', 'staff-replied', 'ignored', 'parked', 'dead-lettered', 'discarded'))`,
    );
  }
}

const STATEMENTS = [
  'alter table ticketing.ledger drop constraint ledger_outcome_check',
  // Rows that are there passed a narrower check: they need not be read again.
  `alter table ticketing.ledger add constraint outcome_is_known check (outcome in ('ticket-opened', 'message-appended',
     'message-edited', 'staff-replied', 'event-recorded', 'ignored', 'parked', 'dead-lettered', 'discarded')) not valid`,
  // When we heard of it; null while the message stands.
  'alter table ticketing.ticket_messages add column deleted_at timestamptz',
  // Whose tickets they are, in all chats.
  'create index tickets_of_customer_by_age on ticketing.tickets (customer_id, bot_id, opened_at, ticket_id)',
];
