import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Messages by their words, and by who wrote them. Made from the events, beside the messages: no update waits for it. */
export class SearchMessages1765100100000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop table ticketing.words_cursor, ticketing.message_words');
  }
}

const STATEMENTS = [
  `create table ticketing.message_words (
     bot_id text not null,
     chat_id text not null,
     message_id bigint not null,
     ticket_id text not null,
     version int not null,
     sent_at timestamptz not null,
     words tsvector not null,
     primary key (bot_id, chat_id, message_id)
   )`,
  'create index messages_by_words on ticketing.message_words using gin (words)',
  // For words that many messages have: the last ones are looked through until a page is full.
  'create index messages_by_age on ticketing.message_words (sent_at)',
  `create table ticketing.words_cursor (
     is_only boolean primary key default true check (is_only),
     tx_id xid8 not null,
     id bigint not null
   )`,
  `insert into ticketing.words_cursor (tx_id, id) values ('0', 0)`,
];
