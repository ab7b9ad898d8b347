import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What people wrote is not kept for ever with dead letters that are done with: finds those that still have it. */
export class ForgetPayloads1765700001000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`create index dead_letters_to_forget on retry.dead_letters (dead_at)
      where payload is not null and status in ('redriven', 'failed-again', 'discarded')`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop index retry.dead_letters_to_forget');
  }
}
