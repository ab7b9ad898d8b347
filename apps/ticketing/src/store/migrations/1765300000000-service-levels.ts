import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What bots promise, and the clocks of tickets: made from the events, and made anew from them at any time. */
export class ServiceLevels1765300000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      'drop table ticketing.sla_cursor, ticketing.sla_clocks, ticketing.sla_tickets, ticketing.sla_policies',
    );
  }
}

const STATEMENTS = [
  `create table ticketing.sla_policies (
     bot_id text not null,
     version int not null,
     document jsonb not null,
     -- Clocks that start from then on are judged by it.
     applies_from timestamptz not null,
     made_by text not null,
     made_at timestamptz not null default now(),
     -- Ticket up to which clocks of before have been computed anew; null: all of them.
     restated_to text default '',
     constraint one_sla_policy_per_version primary key (bot_id, version)
   )`,
  `create table ticketing.sla_tickets (
     ticket_id text primary key,
     bot_id text not null,
     -- Of the last event that the clocks have followed.
     version int not null,
     clocks json not null,
     -- When the first target of a running clock is used up.
     due_at timestamptz,
     -- When a warning or a breach is to be told.
     next_at timestamptz,
     -- Moment of the latest event.
     latest_at timestamptz not null
   )`,
  `create index sla_tickets_by_due on ticketing.sla_tickets (due_at, ticket_id) where due_at is not null`,
  `create index sla_tickets_to_tell on ticketing.sla_tickets (next_at) where next_at is not null`,
  // For what a new version of a promise touches.
  `create index sla_tickets_of_bot on ticketing.sla_tickets (bot_id, ticket_id) include (latest_at)`,
  `create table ticketing.sla_clocks (
     ticket_id text not null,
     kind text not null,
     -- Version of the event that started it.
     started_by int not null,
     bot_id text not null,
     priority text not null,
     team text,
     assignee text,
     started_at timestamptz not null,
     ended_at timestamptz not null,
     elapsed_ms bigint not null,
     target_ms bigint,
     state text not null,
     sla_version int not null,
     primary key (ticket_id, kind, started_by)
   )`,
  `create index sla_clocks_by_end on ticketing.sla_clocks (ended_at)`,
  // Clocks follow the events in the order of their transactions, as the relay does.
  `create table ticketing.sla_cursor (
     is_only boolean primary key default true check (is_only),
     tx_id xid8 not null,
     id bigint not null
   )`,
  `insert into ticketing.sla_cursor (tx_id, id) values ('0', 0)`,
];
