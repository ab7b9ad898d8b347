import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Messages by their words, and by who wrote them. */
export class SearchMessages1765100100000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    // An expression, not a column: it is stored once, in the index, and reading a message does not carry it along. The limit keeps short
    // what a batch of updates has to sort in when it is the one that finds the list of new words full.
    await queryRunner.query(
      `create index messages_by_words on ticketing.ticket_messages using gin
         (to_tsvector('simple', left(coalesce(sender ->> 'name', '') || ' ' || coalesce(sender ->> 'username', '') || ' '
           || coalesce(text, ''), 16384))) with (gin_pending_list_limit = 1024)`,
    );
    // For words that many messages have: the last ones are looked through until a page is full.
    await queryRunner.query('create index messages_by_age on ticketing.ticket_messages (sent_at)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop index ticketing.messages_by_words, ticketing.messages_by_age');
  }
}
