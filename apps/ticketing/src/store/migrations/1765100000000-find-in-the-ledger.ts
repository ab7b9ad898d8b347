import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The ledger by update, ticket, conversation and outcome. */
export class FindInTheLedger1765100000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `drop index ticketing.ledger_of_update, ticketing.ledger_of_ticket, ticketing.ledger_of_conversation, ticketing.ledger_by_outcome`,
    );
    await queryRunner.query('alter table ticketing.ledger drop column conversation');
  }
}

const STATEMENTS = [
  // What the update was kept in order with; null for those of before.
  'alter table ticketing.ledger add column conversation text',
  // Keys end in the update id, and those of one bot rise: new entries of an index go where the last ones went.
  `create index ledger_of_update on ticketing.ledger (bot_id, split_part(idempotency_key, ':', -1))`,
  // Each row is in one of these two.
  'create index ledger_of_ticket on ticketing.ledger (ticket_id, received_at) where ticket_id is not null',
  'create index ledger_of_conversation on ticketing.ledger (conversation, received_at) where ticket_id is null',
  // Not of what nearly every update becomes.
  `create index ledger_by_outcome on ticketing.ledger (outcome, received_at)
     where outcome in ('ignored', 'parked', 'dead-lettered', 'discarded')`,
];
