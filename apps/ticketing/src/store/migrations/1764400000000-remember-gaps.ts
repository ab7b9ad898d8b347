import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Updates that were given up while their conversation had no ticket: the next one that opens shows them. */
export class RememberGaps1764400000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `create table ticketing.unmarked_gaps (
         idempotency_key text primary key,
         -- In the order in which they were given up.
         seq bigint generated always as identity,
         conversation text not null,
         update_kind text not null,
         reason text not null,
         -- Both as the event will have them.
         received_at text not null,
         given_up_at text not null
       )`,
    );
    await queryRunner.query(`create index unmarked_gaps_of_conversation on ticketing.unmarked_gaps (conversation)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop table ticketing.unmarked_gaps');
  }
}
