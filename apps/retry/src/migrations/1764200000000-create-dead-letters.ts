import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The index of dead letters and what operators do with them. Statements are kept as they ran: a change is a new migration. */
export class CreateDeadLetters1764200000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of [...DEAD_LETTERS, ...REDRIVES, ...AUDIT]) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `drop table retry.audit_trail, retry.idempotent_requests, retry.ledger_notices, retry.redrive_items, retry.redrives,
         retry.positions, retry.dead_letters`,
    );
    await queryRunner.query('drop function retry.refuse_change');
  }
}

const DEAD_LETTERS = [
  `create schema if not exists retry`,
  `create table retry.dead_letters (
     -- Made from what the copies of one dead letter have in common: an outbox publishes at least once.
     dead_letter_id text primary key,
     topic text not null,
     partition int not null,
     kafka_offset bigint not null,
     consumer text not null,
     class text not null check (class in ('pipeline', 'destination')),
     status text not null default 'open' check (status in ('open', 'redriving', 'redriven', 'failed-again', 'discarded')),
     record_key text,
     payload bytea,
     -- json, not jsonb: header values go out again as they came in, U+0000 included.
     headers json not null,
     bot_id text,
     conversation text,
     idempotency_key text,
     failure_kind text not null,
     failure_code text not null,
     failure_message text not null,
     handler_version text,
     attempts int not null,
     first_failed_at timestamptz,
     trace_id text,
     fingerprint text not null,
     -- The fingerprint without the handler's version: a fix that changes nothing brings the same cause back.
     cause text not null,
     -- Set when this dead letter is what a redrive came to.
     came_from_redrive text,
     redrive_count int not null default 0,
     dead_at timestamptz not null,
     indexed_at timestamptz not null default now()
   )`,
  `create index dead_letters_by_age on retry.dead_letters (dead_at, dead_letter_id)`,
  `create index dead_letters_by_status on retry.dead_letters (status, dead_at, dead_letter_id)`,
  `create index dead_letters_by_fingerprint on retry.dead_letters (fingerprint, dead_at, dead_letter_id)`,
  `create index dead_letters_by_conversation on retry.dead_letters (conversation, dead_at, dead_letter_id)`,
  `create index dead_letters_by_key on retry.dead_letters (idempotency_key)`,
  // Every record read, copies included: what makes reading a topic twice harmless.
  `create table retry.positions (
     topic text not null,
     partition int not null,
     kafka_offset bigint not null,
     dead_letter_id text not null,
     primary key (topic, partition, kafka_offset)
   )`,
  `create index positions_of_dead_letter on retry.positions (dead_letter_id)`,
];

const REDRIVES = [
  `create table retry.redrives (
     redrive_id text primary key,
     state text not null default 'running' check (state in ('running', 'stopped', 'cancelled', 'finished')),
     note text,
     selection json not null,
     reason text not null,
     requested_by text not null,
     rate double precision not null check (rate > 0),
     stage_ends int[] not null,
     selected int not null,
     paced_until timestamptz not null default now(),
     created_at timestamptz not null default now(),
     finished_at timestamptz
   )`,
  `create index redrives_running on retry.redrives (created_at) where state = 'running'`,
  `create index redrives_by_age on retry.redrives (created_at, redrive_id)`,
  `create table retry.redrive_items (
     redrive_id text not null references retry.redrives,
     position int not null,
     dead_letter_id text not null references retry.dead_letters,
     stage int not null,
     state text not null default 'claimed' check (state in ('claimed', 'sent', 'redriven', 'failed-again', 'released')),
     -- The corrected payload, when there is one; the original stays with the dead letter.
     payload bytea,
     sent_at timestamptz,
     check_at timestamptz,
     settled_at timestamptz,
     outcome text,
     ticket_id text,
     primary key (redrive_id, position)
   )`,
  // Two operators, one record: it goes out under one of them.
  `create unique index one_redrive_at_a_time on retry.redrive_items (dead_letter_id) where state in ('claimed', 'sent')`,
  `create index items_of_dead_letter on retry.redrive_items (dead_letter_id)`,
  `create index items_to_send on retry.redrive_items (redrive_id, position) where state = 'claimed'`,
  `create index items_to_check on retry.redrive_items (check_at) where state = 'sent'`,
  // What the ledger still has to be told: a discard counts here at once, and there when it can be reached.
  `create table retry.ledger_notices (
     dead_letter_id text primary key references retry.dead_letters,
     idempotency_key text not null,
     reason text not null,
     tries int not null default 0,
     next_try_at timestamptz not null default now(),
     told_at timestamptz,
     answer text
   )`,
  `create index ledger_notices_waiting on retry.ledger_notices (next_try_at) where told_at is null`,
];

const AUDIT = [
  `create table retry.idempotent_requests (
     token text not null,
     idempotency_key text not null,
     request_hash text not null,
     response json,
     made_at timestamptz not null default now(),
     primary key (token, idempotency_key)
   )`,
  `create table retry.audit_trail (
     entry_id bigint generated always as identity primary key,
     made_at timestamptz not null default now(),
     action text not null check (action in ('redrive', 'cancel', 'discard', 'stop')),
     actor text not null,
     reason text not null,
     redrive_id text,
     dead_letter_ids text[] not null,
     details json not null
   )`,
  `create index audit_trail_of_dead_letter on retry.audit_trail using gin (dead_letter_ids)`,
  `create function retry.refuse_change() returns trigger language plpgsql as $$
   begin
     raise exception 'the audit trail is append-only: % refused', tg_op using errcode = 'insufficient_privilege';
   end $$`,
  `create trigger audit_trail_is_append_only before update or delete on retry.audit_trail
     for each row execute function retry.refuse_change()`,
  `create trigger audit_trail_is_not_truncated before truncate on retry.audit_trail
     for each statement execute function retry.refuse_change()`,
];
