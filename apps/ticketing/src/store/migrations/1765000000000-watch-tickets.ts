import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Agents who want to hear of a ticket. */
export class WatchTickets1765000000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`alter table ticketing.tickets add column watchers jsonb not null default '[]'`);
    // Most tickets have none, and cost nothing here.
    await queryRunner.query(
      `create index watched_tickets on ticketing.tickets using gin (watchers jsonb_path_ops) where watchers <> '[]'`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop index ticketing.watched_tickets');
    await queryRunner.query('alter table ticketing.tickets drop column watchers');
  }
}
