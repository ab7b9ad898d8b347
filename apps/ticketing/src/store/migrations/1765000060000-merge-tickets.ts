import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tickets that are one with others. */
export class MergeTickets1765000060000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `alter table ticketing.tickets add column merged_into text, add column merged_from jsonb not null default '[]'`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('alter table ticketing.tickets drop column merged_into, drop column merged_from');
  }
}
