import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Retries: what waits, what was given up, and what stops the consumer. */
export class ParkConversations1764100000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of [...LEDGER, ...PARKING, ...SWITCHES, ...OUTBOX]) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `drop table ticketing.outbox_refused, ticketing.faults, ticketing.breakers, ticketing.parked_updates,
         ticketing.parked_conversations`,
    );
    await queryRunner.query('drop function ticketing.require_rows');
    await queryRunner.query('alter table ticketing.ledger drop constraint reason_is_given');
    await queryRunner.query(
      `alter table ticketing.ledger drop column revision, drop column attempts, drop column redrive_id,
         drop column redrive_count, drop column failure_code`,
    );
    await queryRunner.query(
      `alter table ticketing.ledger add constraint ledger_check
         check ((outcome in ('ignored', 'dead-lettered')) <= (reason is not null))`,
    );
  }
}

const LEDGER = [
  `alter table ticketing.ledger
     -- Rises when the outcome is replaced: whoever decides on an outcome replaces that very one.
     add column revision int not null default 1,
     -- Tries made since the update, or its last redrive, came in; 0 while it waits behind another one.
     add column attempts int not null default 1,
     add column redrive_id text,
     add column redrive_count int not null default 0,
     -- Of the last failure; stays when a person discards the update or a later try succeeds.
     add column failure_code text`,
  `alter table ticketing.ledger drop constraint ledger_check`,
  `alter table ticketing.ledger add constraint reason_is_given
     check ((outcome in ('ignored', 'parked', 'dead-lettered', 'discarded')) <= (reason is not null))`,
  // Fails a statement that changed fewer rows than it decided on: another instance was faster.
  `create function ticketing.require_rows(changed bigint, asked bigint, what text) returns void language plpgsql as $$
   begin
     if changed < asked then
       raise exception 'changed % of % %', changed, asked, what using errcode = 'serialization_failure';
     end if;
   end $$`,
];

const PARKING = [
  // One row while a conversation waits: for its head, the oldest update in it that is not settled.
  `create table ticketing.parked_conversations (
     conversation text primary key,
     head_key text not null,
     -- Tries of the head so far; the redelivery that counts carries the same number. 0: its first one is on the way.
     attempt int not null,
     -- Redrive that brought the head, if one did.
     redrive_id text,
     first_failed_at timestamptz,
     due_at timestamptz not null,
     failure_code text,
     failure_message text,
     parked_at timestamptz not null default now(),
     -- Updates that wait behind the head.
     followers int not null default 0 check (followers >= 0),
     -- Rises with every change of the row or of what waits behind it.
     version bigint not null default 1,
     constraint one_conversation_per_head unique (head_key)
   ) with (fillfactor = 70)`,
  // The updates behind the head, in order of arrival. The bytes are here, because Kafka's offset goes on.
  `create table ticketing.parked_updates (
     conversation text not null,
     seq bigint generated always as identity,
     idempotency_key text not null,
     record_key text,
     value bytea,
     headers jsonb not null,
     redrive_id text,
     origin_topic text not null,
     origin_partition int not null,
     origin_offset bigint not null,
     origin_timestamp bigint not null,
     parked_at timestamptz not null default now(),
     primary key (conversation, seq),
     constraint parked_once unique (idempotency_key)
   )`,
];

const SWITCHES = [
  `create table ticketing.breakers (
     name text primary key,
     is_open boolean not null,
     reason text,
     changed_at timestamptz not null default now()
   )`,
  `insert into ticketing.breakers (name, is_open) values ('dead-letters', false)`,
  `create table ticketing.faults (
     id text primary key,
     idempotency_key text,
     conversation text,
     share float8 check (share > 0 and share <= 1),
     kind text not null check (kind in ('transient', 'permanent', 'unavailable')),
     -- Tries of each record that fail; null: all of them.
     times int check (times > 0),
     created_at timestamptz not null default now(),
     expires_at timestamptz not null,
     check (num_nonnulls(idempotency_key, conversation, share) = 1)
   )`,
];

const OUTBOX = [
  // Rows that Kafka can never take. Nobody sends them again by himself; their bytes are kept.
  `create table ticketing.outbox_refused (
     source text not null,
     id bigint not null,
     topic text not null,
     key text,
     value bytea,
     headers jsonb not null,
     reason text not null,
     refused_at timestamptz not null default now(),
     primary key (source, id)
   )`,
];
