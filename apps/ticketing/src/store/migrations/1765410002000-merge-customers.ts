import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which accounts with a bot belong to one person, as agents say it. */
export class MergeCustomers1765410002000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop table ticketing.customer_events');
  }
}

const STATEMENTS = [
  // Only added to. The last one that concerns an account says with whom it is one: there is no other table of that.
  `create table ticketing.customer_events (
     bot_id text not null,
     version int not null,
     type text not null check (type in ('customers-merged', 'customer-split')),
     -- All that it concerns: those that were one before it, or are one after it.
     accounts text[] not null,
     data jsonb not null,
     idempotency_key text not null,
     made_by text not null,
     occurred_at timestamptz not null,
     constraint one_customer_event_per_version primary key (bot_id, version)
   )`,
  'create index customer_events_of_accounts on ticketing.customer_events using gin (accounts) with (fastupdate = off)',
];
