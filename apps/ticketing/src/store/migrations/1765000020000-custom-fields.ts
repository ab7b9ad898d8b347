import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a bot's administrators let agents say of tickets. */
export class CustomFields1765000020000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`alter table ticketing.tickets add column fields jsonb not null default '{}'`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('alter table ticketing.tickets drop column fields');
  }
}
