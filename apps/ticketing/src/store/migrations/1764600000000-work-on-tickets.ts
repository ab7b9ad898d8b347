import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tickets that agents work on: status, priority, whose they are, tags; and requests that are made once for each key. */
export class WorkOnTickets1764600000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of [...TICKETS, ...REQUESTS]) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop table ticketing.idempotent_requests');
    await queryRunner.query('drop index ticketing.one_active_ticket_per_conversation');
    await queryRunner.query(
      `update ticketing.tickets set status = case when status in ('new', 'open', 'pending', 'snoozed') then 'open' else 'closed' end`,
    );
    await queryRunner.query(
      `alter table ticketing.tickets drop column topic_id, drop column previous_ticket_id, drop column priority, drop column assignee,
         drop column team, drop column tags, drop column snoozed_until, drop column resolved_at`,
    );
    await queryRunner.query(
      `create unique index one_open_ticket_per_conversation on ticketing.tickets (conversation) where status = 'open'`,
    );
  }
}

const TICKETS = [
  `alter table ticketing.tickets
     add column topic_id text,
     add column previous_ticket_id text,
     add column priority text not null default 'normal',
     add column assignee text,
     add column team text,
     add column tags jsonb not null default '[]',
     add column snoozed_until timestamptz,
     add column resolved_at timestamptz`,
  'drop index ticketing.one_open_ticket_per_conversation',
  // Nobody could work on one before, and its conversation names the topic.
  `update ticketing.tickets set status = 'new', topic_id = substring(conversation from '/t(\\d+)/')`,
  `create unique index one_active_ticket_per_conversation on ticketing.tickets (conversation)
     where status in ('new', 'open', 'pending', 'snoozed')`,
];

const REQUESTS = [
  `create table ticketing.idempotent_requests (
     -- Keys of different holders do not meet.
     actor text not null,
     idempotency_key text not null,
     -- Of route and body: another request under the same key is refused.
     request_hash text not null,
     response json,
     made_at timestamptz not null default now(),
     primary key (actor, idempotency_key)
   )`,
  'create index idempotent_requests_by_age on ticketing.idempotent_requests (made_at)',
];
