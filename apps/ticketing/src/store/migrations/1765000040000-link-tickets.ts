import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What tickets have to do with others. */
export class LinkTickets1765000040000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`alter table ticketing.tickets add column links jsonb not null default '[]'`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('alter table ticketing.tickets drop column links');
  }
}
