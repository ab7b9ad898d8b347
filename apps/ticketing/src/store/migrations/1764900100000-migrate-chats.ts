import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Groups that became supergroups: what still comes from the old chat is meant for the new one. */
export class MigrateChats1764900100000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `create table ticketing.migrated_chats (
         bot_id text not null,
         chat_id text not null,
         migrated_to text not null,
         recorded_at timestamptz not null default now(),
         primary key (bot_id, chat_id)
       )`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop table ticketing.migrated_chats');
  }
}
