import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Lists of tickets by what few of them have: an entry in an index is written for those alone. */
export class FilterTickets1765100050000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `drop index ticketing.tickets_of_assignee_by_age, ticketing.tickets_of_team_by_age, ticketing.tickets_by_tag,
         ticketing.tickets_by_status, ticketing.tickets_by_priority`,
    );
  }
}

const STATEMENTS = [
  'create index tickets_of_assignee_by_age on ticketing.tickets (assignee, opened_at, ticket_id) where assignee is not null',
  'create index tickets_of_team_by_age on ticketing.tickets (team, opened_at, ticket_id) where team is not null',
  // Agents tag rarely and look often: nothing is put off.
  `create index tickets_by_tag on ticketing.tickets using gin (tags jsonb_path_ops) with (fastupdate = off) where tags <> '[]'`,
  `create index tickets_by_status on ticketing.tickets (status, opened_at, ticket_id) where status <> 'closed'`,
  `create index tickets_by_priority on ticketing.tickets (priority, opened_at, ticket_id) where priority <> 'normal'`,
];
