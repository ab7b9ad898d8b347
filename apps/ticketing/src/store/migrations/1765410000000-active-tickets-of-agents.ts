import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What an agent has, also what waits for its customer or for a time: whoever removes him asks for it. */
export class ActiveTicketsOfAgents1765410000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop index ticketing.work_of_agents');
    await queryRunner.query(
      `create index active_tickets_of_agents on ticketing.tickets (assignee, status)
         where status in ('new', 'open', 'pending', 'snoozed') and assignee is not null`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop index ticketing.active_tickets_of_agents');
    await queryRunner.query(
      `create index work_of_agents on ticketing.tickets (assignee) where status in ('new', 'open') and assignee is not null`,
    );
  }
}
