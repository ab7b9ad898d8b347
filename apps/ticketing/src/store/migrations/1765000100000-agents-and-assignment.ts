import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who can be given tickets, and whose turn it is. */
export class AgentsAndAssignment1765000100000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop index ticketing.work_of_agents');
    await queryRunner.query('drop table ticketing.assignment_turns, ticketing.agents');
  }
}

const STATEMENTS = [
  `create table ticketing.agents (
     -- As the tokens name them, and so histories.
     name text primary key,
     capacity int not null check (capacity >= 0),
     team text,
     is_away boolean not null,
     changed_by text not null,
     changed_at timestamptz not null default now()
   )`,
  // Who got the last ticket of a bot.
  `create table ticketing.assignment_turns (bot_id text primary key, last_agent text not null)`,
  // What each of them has to act on is counted every time.
  `create index work_of_agents on ticketing.tickets (assignee) where status in ('new', 'open') and assignee is not null`,
];
