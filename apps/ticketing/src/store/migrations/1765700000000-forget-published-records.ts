import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Published records keep no bytes of what people wrote: finds those that still have them. */
export class ForgetPublishedRecords1765700000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('create index outbox_with_value on ticketing.outbox (tx_id, id) where value is not null');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop index ticketing.outbox_with_value');
  }
}
