import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which ticket is next, and which ones time changes. */
export class QueueAndTimers1764800000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `drop index ticketing.tickets_in_the_queue, ticketing.tickets_that_wake, ticketing.tickets_to_close`,
    );
    await queryRunner.query(
      'alter table ticketing.tickets drop column priority_rank, drop column waiting_since, drop column asked_at, drop column customer_wrote_at',
    );
  }
}

const STATEMENTS = [
  `alter table ticketing.tickets
     -- When the customer wrote the first message that nobody has answered; null while it is not for us to act.
     add column waiting_since timestamptz,
     -- When the customer wrote the message that opened it, and the last one.
     add column asked_at timestamptz,
     add column customer_wrote_at timestamptz,
     add column priority_rank int not null generated always as
       (case priority when 'urgent' then 3 when 'high' then 2 when 'normal' then 1 else 0 end) stored`,
  // Nobody could answer before.
  `update ticketing.tickets set asked_at = m.first, customer_wrote_at = m.last, waiting_since = m.first from (
     select ticket_id, (array_agg(sent_at order by version))[1] as first, max(sent_at) as last
       from ticketing.ticket_messages group by ticket_id) as m
     where m.ticket_id = tickets.ticket_id`,
  `create index tickets_in_the_queue on ticketing.tickets
     (priority_rank desc, coalesce(waiting_since, 'infinity'), ticket_id) where status in ('new', 'open')`,
  `create index tickets_that_wake on ticketing.tickets (snoozed_until) where status = 'snoozed'`,
  `create index tickets_to_close on ticketing.tickets (resolved_at) where status = 'resolved'`,
];
