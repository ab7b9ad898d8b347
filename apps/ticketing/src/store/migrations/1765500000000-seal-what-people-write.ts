import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Texts and names leave the read models: they stay in the events alone, sealed from now on with keys that can be destroyed. */
export class SealWhatPeopleWrite1765500000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of [...KEYS, ...MESSAGES, ...WORDS]) await queryRunner.query(statement);
  }

  /** @throws when something was sealed: without the keys it would be lost */
  async down(queryRunner: QueryRunner): Promise<void> {
    const [{ exists }] = (await queryRunner.query('select exists (select 1 from ticketing.customer_keys)')) as [
      { exists: boolean },
    ];
    if (exists) throw new Error('what people wrote is sealed with ticketing.customer_keys: going back would lose it');
    for (const statement of BACK) await queryRunner.query(statement);
  }
}

const KEYS = [
  `create table ticketing.customer_keys (
     key_id bigint generated always as identity primary key,
     bot_id text not null,
     person_id text not null,
     wrapped bytea not null,
     -- Id of the master key that it is wrapped with.
     master_key text not null,
     created_at timestamptz not null default now(),
     -- Seals nothing new from then on.
     used_until timestamptz not null
   )`,
  'create index keys_of_person on ticketing.customer_keys (bot_id, person_id, used_until)',
  'create index keys_by_age on ticketing.customer_keys (bot_id, used_until)',
  'create index keys_by_master_key on ticketing.customer_keys (master_key, key_id)',
  `create table ticketing.erasures (
     erasure_id bigint generated always as identity primary key,
     bot_id text not null,
     -- Null where a retention did it, for whoever it was.
     person_id text,
     -- All that are known to be his; none where a retention did it.
     accounts text[] not null,
     reason text not null check (reason in ('asked', 'retention')),
     asked_by text,
     key_count int not null,
     erased_at timestamptz not null default now(),
     check ((reason = 'asked') = (person_id is not null))
   )`,
  'create index erasures_of_bot on ticketing.erasures (bot_id, erasure_id)',
  'create index erasures_of_person on ticketing.erasures (bot_id, person_id) where person_id is not null',
];

const MESSAGES = [
  `alter table ticketing.ticket_messages
     add column content_version int,
     -- Null for those of before it was recorded.
     add column sender_id text`,
  // The latest edit counts, in whatever order they came; of one second, the one that came last.
  `update ticketing.ticket_messages m set sender_id = m.sender ->> 'id', content_version = coalesce((
     select e.version from ticketing.events e where m.edit_count > 0 and e.ticket_id = m.ticket_id and e.type = 'message-edited'
       and e.payload #>> '{data,botId}' = m.bot_id and e.payload #>> '{data,chatId}' = m.chat_id
       and e.payload #>> '{data,messageId}' = m.message_id::text
       and (e.payload #>> '{data,editedAt}')::timestamptz is not distinct from m.edited_at
       order by e.version desc limit 1), m.version)`,
  `alter table ticketing.ticket_messages alter column content_version set not null, drop column text, drop column attachments,
     drop column sender`,
];

/** Made again by who follows the events. */
const WORDS = [
  'truncate ticketing.message_words',
  `update ticketing.words_cursor set tx_id = '0', id = 0`,
  'alter table ticketing.message_words add column sender_id text, add column key_ids bigint[] not null',
  'create index words_of_sender on ticketing.message_words (bot_id, sender_id, sent_at)',
  // By what they were opened with: they go with the key.
  'create index words_by_key on ticketing.message_words using gin (key_ids)',
];

const BACK = [
  'drop index ticketing.words_by_key, ticketing.words_of_sender',
  'alter table ticketing.message_words drop column sender_id, drop column key_ids',
  'alter table ticketing.ticket_messages add column text text, add column attachments json, add column sender json',
  `update ticketing.ticket_messages m set text = e.payload #>> '{data,text}', attachments = e.payload #> '{data,attachments}'
     from ticketing.events e where e.ticket_id = m.ticket_id and e.version = m.content_version`,
  `update ticketing.ticket_messages m set sender = e.payload #> '{data,sender}'
     from ticketing.events e where e.ticket_id = m.ticket_id and e.version = m.version`,
  'alter table ticketing.ticket_messages drop column content_version, drop column sender_id',
  'drop table ticketing.erasures, ticketing.customer_keys',
];
