import type { Postgres, Queries } from '@onceline/postgres';
import type { DeadLetter } from './dead-letter.js';

const INSERT = `
  insert into retry.dead_letters (dead_letter_id, topic, partition, kafka_offset, consumer, class, record_key, payload, headers,
    bot_id, conversation, idempotency_key, failure_kind, failure_code, failure_message, handler_version, attempts,
    first_failed_at, trace_id, fingerprint, cause, came_from_redrive, redrive_count, dead_at)
  select id, topic, partition, "offset", consumer, class, key, decode(payload, 'base64'), headers::json,
    "botId", conversation, "idempotencyKey", kind, code, message, "handlerVersion", attempts,
    "firstFailedAt", "traceId", fingerprint, cause, "redriveId", "redriveCount", "deadAt"
  from json_to_recordset($1::json) as incoming (id text, topic text, partition int, "offset" bigint, consumer text, class text,
    key text, payload text, headers text, "botId" text, conversation text, "idempotencyKey" text, kind text, code text,
    message text, "handlerVersion" text, attempts int, "firstFailedAt" timestamptz, "traceId" text, fingerprint text,
    cause text, "redriveId" text, "redriveCount" int, "deadAt" timestamptz)
  on conflict (dead_letter_id) do nothing returning dead_letter_id as id`;

const INSERT_POSITIONS = `
  insert into retry.positions (topic, partition, kafka_offset, dead_letter_id)
  select topic, partition, "offset", id
  from json_to_recordset($1::json) as incoming (id text, topic text, partition int, "offset" bigint)
  on conflict do nothing`;

/**
 * A redriven record that comes back: the item is over, and what it was made from has failed again. So it is when the item was given back
 * meanwhile, because nobody knew whether its record had left.
 */
const SETTLE_RETURNED = `
  with returned as (
    update retry.redrive_items as item
       set state = 'failed-again', outcome = 'dead-lettered', settled_at = now()
      from json_to_recordset($1::json) as incoming (id text, "idempotencyKey" text, "redriveId" text),
           retry.dead_letters as original
     where item.redrive_id = incoming."redriveId" and item.dead_letter_id = original.dead_letter_id
       and original.idempotency_key = incoming."idempotencyKey" and original.dead_letter_id <> incoming.id
       and (item.state in ('claimed', 'sent') or (item.state = 'released' and original.status = 'open'))
    returning item.dead_letter_id)
  update retry.dead_letters set status = 'failed-again'
   where dead_letter_id in (select dead_letter_id from returned) and status in ('redriving', 'open')`;

/** One update, one open dead letter: the last one in the log. Asked of new ones only, because a copy of an earlier one may lie behind it. */
const CLOSE_EARLIER = `
  update retry.dead_letters as earlier set status = 'failed-again'
    from json_to_recordset($1::json) as incoming (topic text, partition int, "offset" bigint, "idempotencyKey" text)
   where earlier.topic = incoming.topic and earlier.partition = incoming.partition and earlier.kafka_offset < incoming."offset"
     and earlier.idempotency_key = incoming."idempotencyKey" and earlier.status = 'open'`;

/** Stores dead letters and answers which of them are new. Storing them again changes nothing. */
export async function storeDeadLetters(
  postgres: Pick<Postgres, 'transaction'>,
  deadLetters: readonly DeadLetter[],
): Promise<Set<string>> {
  if (deadLetters.length === 0) return new Set();
  return postgres.transaction(async (transaction) => {
    const incoming = JSON.stringify(deadLetters.map(toRow));
    const inserted = await transaction.query<{ id: string }>(INSERT, [incoming]);
    await transaction.query(INSERT_POSITIONS, [JSON.stringify(deadLetters.map(toPosition))]);
    const added = new Set(inserted.map(({ id }) => id));
    await settleReturned(transaction, deadLetters, added);
    return added;
  });
}

async function settleReturned(
  transaction: Queries,
  deadLetters: readonly DeadLetter[],
  added: ReadonlySet<string>,
): Promise<void> {
  const returned = deadLetters.filter(({ redriveId, idempotencyKey }) => redriveId !== null && idempotencyKey !== null);
  if (returned.length === 0) return;
  await transaction.query(SETTLE_RETURNED, [JSON.stringify(returned.map(toReturn))]);
  const fresh = returned.filter(({ id }) => added.has(id));
  if (fresh.length > 0) await transaction.query(CLOSE_EARLIER, [JSON.stringify(fresh.map(toReturn))]);
}

/** Headers are JSON inside JSON: taken apart by PostgreSQL they must not hold U+0000, kept whole they may. */
function toRow({ failure, payload, headers, ...deadLetter }: DeadLetter): object {
  return {
    ...deadLetter,
    ...failure,
    payload: payload?.toString('base64') ?? null,
    headers: JSON.stringify(headers),
  };
}

function toPosition({ id, topic, partition, offset }: DeadLetter): object {
  return { id, topic, partition, offset };
}

function toReturn({ id, topic, partition, offset, idempotencyKey, redriveId }: DeadLetter): object {
  return { id, topic, partition, offset, idempotencyKey, redriveId };
}
