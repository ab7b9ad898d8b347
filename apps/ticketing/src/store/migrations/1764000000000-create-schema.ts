import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The first schema. Statements are kept as they ran: a change is a new migration. */
export class CreateSchema1764000000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of [...INTAKE, ...TICKETS, ...OUTBOX]) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `drop table ticketing.outbox_cursors, ticketing.outbox, ticketing.ticket_messages, ticketing.tickets,
         ticketing.events, ticketing.duplicates, ticketing.ledger`,
    );
    await queryRunner.query('drop function ticketing.require_claims');
  }
}

const INTAKE = [
  `create schema if not exists ticketing`,
  // Inbox and ledger in one: the row is the claim, and says what became of the update.
  `create table ticketing.ledger (
     idempotency_key text primary key,
     bot_id text not null,
     update_kind text not null,
     outcome text not null check (outcome in ('ticket-opened', 'message-appended', 'message-edited', 'staff-replied',
       'ignored', 'parked', 'dead-lettered', 'discarded')),
     reason text,
     ticket_id text,
     unique_partition int not null,
     unique_offset bigint not null,
     received_at timestamptz not null,
     settled_at timestamptz not null default now(),
     traceparent text,
     check ((outcome in ('ignored', 'dead-lettered')) <= (reason is not null))
   )`,
  // Fails the statement that claims updates when another instance has claimed some of them first.
  `create function ticketing.require_claims(claimed bigint, asked bigint) returns void language plpgsql as $$
   begin
     if claimed < asked then
       raise exception 'claimed % of % updates', claimed, asked using errcode = 'serialization_failure';
     end if;
   end $$`,
  `create table ticketing.duplicates (
     raw_partition int not null,
     raw_offset bigint not null,
     idempotency_key text not null,
     bot_id text not null,
     first_raw_offset bigint not null,
     first_seen_at timestamptz not null,
     received_at timestamptz not null,
     recorded_at timestamptz not null default now(),
     primary key (raw_partition, raw_offset)
   )`,
  `create index duplicates_by_key on ticketing.duplicates (idempotency_key)`,
];

const TICKETS = [
  `create table ticketing.events (
     global_id bigint generated always as identity,
     ticket_id text not null,
     version int not null check (version > 0),
     type text not null,
     event_id text not null,
     idempotency_key text not null,
     -- json, not jsonb: the bytes that are published are the bytes that were decided.
     payload json not null,
     traceparent text,
     tracestate text,
     recorded_at timestamptz not null default now(),
     tx_id xid8 not null default pg_current_xact_id(),
     constraint one_event_per_version primary key (ticket_id, version)
   )`,
  `create unique index events_in_commit_order on ticketing.events (tx_id, global_id)`,
  `create table ticketing.tickets (
     ticket_id text primary key,
     bot_id text not null,
     chat_id text not null,
     conversation text not null,
     customer_id text,
     status text not null,
     version int not null,
     message_count int not null,
     opened_at timestamptz not null,
     updated_at timestamptz not null
     -- Room in each page, so that an update that touches no index stays in its page.
   ) with (fillfactor = 80)`,
  `create unique index one_open_ticket_per_conversation on ticketing.tickets (conversation) where status = 'open'`,
  `create index tickets_by_age on ticketing.tickets (opened_at, ticket_id)`,
  `create index tickets_of_bot_by_age on ticketing.tickets (bot_id, opened_at, ticket_id)`,
  `create index tickets_of_chat_by_age on ticketing.tickets (chat_id, opened_at, ticket_id)`,
  `create index tickets_of_conversation_by_age on ticketing.tickets (conversation, opened_at, ticket_id)`,
  `create table ticketing.ticket_messages (
     bot_id text not null,
     chat_id text not null,
     message_id bigint not null,
     ticket_id text not null,
     version int not null,
     sent_at timestamptz not null,
     text text,
     constraint one_ticket_per_message primary key (bot_id, chat_id, message_id)
   )`,
  `create index messages_of_ticket on ticketing.ticket_messages (ticket_id, version)`,
];

const OUTBOX = [
  // Records that are no ticket events: dead letters now, retries later.
  `create table ticketing.outbox (
     id bigint generated always as identity,
     topic text not null,
     key text,
     value bytea,
     headers jsonb not null,
     recorded_at timestamptz not null default now(),
     tx_id xid8 not null default pg_current_xact_id()
   )`,
  `create unique index outbox_in_commit_order on ticketing.outbox (tx_id, id)`,
  `create table ticketing.outbox_cursors (
     source text primary key,
     tx_id xid8 not null,
     id bigint not null,
     updated_at timestamptz not null default now()
   )`,
  `insert into ticketing.outbox_cursors (source, tx_id, id) values ('events', '0', 0), ('outbox', '0', 0)`,
];
