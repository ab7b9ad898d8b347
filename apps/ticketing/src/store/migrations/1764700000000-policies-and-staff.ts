import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How each bot's updates become tickets; and who wrote a message, a customer or staff. */
export class PoliciesAndStaff1764700000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop index ticketing.active_tickets_of_place');
    await queryRunner.query('alter table ticketing.ticket_messages drop column author');
    await queryRunner.query('drop table ticketing.policies');
  }
}

const STATEMENTS = [
  // Versions are kept: what held when a ticket was opened can be found out.
  `create table ticketing.policies (
     bot_id text not null,
     version int not null check (version > 0),
     document json not null,
     made_by text not null,
     made_at timestamptz not null default now(),
     constraint one_policy_per_version primary key (bot_id, version)
   )`,
  `alter table ticketing.ticket_messages add column author text not null default 'customer'
     check (author in ('customer', 'staff'))`,
  // Where staff answers without saying whom.
  `create index active_tickets_of_place on ticketing.tickets (bot_id, chat_id, (coalesce(topic_id, '')))
     where status in ('new', 'open', 'pending', 'snoozed')`,
];
