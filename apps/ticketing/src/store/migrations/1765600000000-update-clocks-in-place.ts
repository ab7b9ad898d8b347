import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Clocks change with every event: an index that holds what changes, and pages without room, would have each change written into every
 * index of the table.
 */
export class UpdateClocksInPlace1765600000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop index ticketing.sla_tickets_of_bot');
    await queryRunner.query('create index sla_tickets_of_bot on ticketing.sla_tickets (bot_id, ticket_id)');
    await queryRunner.query('alter table ticketing.sla_tickets set (fillfactor = 80)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('alter table ticketing.sla_tickets reset (fillfactor)');
    await queryRunner.query('drop index ticketing.sla_tickets_of_bot');
    await queryRunner.query(
      'create index sla_tickets_of_bot on ticketing.sla_tickets (bot_id, ticket_id) include (latest_at)',
    );
  }
}
