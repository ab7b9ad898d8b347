import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Messages with what is no text, with their album, and as they read after edits. */
export class KeepWhatMessagesHold1764500000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `alter table ticketing.ticket_messages
         -- As in the event; null for those of before.
         add column sender json,
         -- As in the event; null when there are none.
         add column attachments json,
         add column media_group_id text,
         -- Of the edit that counts.
         add column edited_at timestamptz,
         add column edit_count int not null default 0`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `alter table ticketing.ticket_messages drop column sender, drop column attachments, drop column media_group_id, drop column edited_at,
         drop column edit_count`,
    );
  }
}
