import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tickets by what agents have said of them. Those of which nobody said anything cost nothing here. */
export class FindByFields1765410001000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `create index tickets_by_field on ticketing.tickets using gin (fields jsonb_path_ops) with (fastupdate = off)
         where fields <> '{}'`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop index ticketing.tickets_by_field');
  }
}
