import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What audits found, for the metric that pages: the checker stands outside, and no service balances its own books. */
export class RecordAudits1764300000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `create table ticketing.audits (
         finished_at timestamptz primary key default now(),
         -- By the time at which the ingress received an update; null: without that bound.
         range_from timestamptz,
         range_to timestamptz,
         missing int not null,
         doubled int not null,
         contradictions int not null,
         -- Without an outcome when the audit gave up waiting.
         pending int not null
       )`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop table ticketing.audits');
  }
}
