import { duplicateRecordSchema, HEADERS, type DuplicateRecord } from '@onceline/contracts';
import type { ConsumedRecord } from '@onceline/kafka';
import { readableText } from '../intake/readable-text.js';
import { isUsableKey } from '../intake/to-command.js';
import type { WithSession } from './session.js';

const INSERT_DUPLICATES = {
  name: 'insert-duplicates',
  text: `insert into ticketing.duplicates (raw_partition, raw_offset, idempotency_key, bot_id, first_raw_offset, first_seen_at, received_at)
           select * from unnest($1::int[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[], $7::timestamptz[])
           on conflict do nothing`,
};

/** One refused copy, as it is stored. */
export interface Duplicate extends DuplicateRecord {
  readonly botId: string;
}

/** Reads a record of `telegram.updates.duplicates`; undefined when it is none. */
export function readDuplicate(record: ConsumedRecord): Duplicate | undefined {
  const parsed = duplicateRecordSchema.safeParse(parseJson(record.value));
  if (!parsed.success) return undefined;
  const { copy, first, idempotencyKey } = parsed.data;
  const receivedAt = timeOf(copy.receivedAt);
  const seenAt = timeOf(first.seenAt);
  if (receivedAt === undefined || seenAt === undefined) return undefined;
  if (copy.partition < 0 || copy.partition > 2 ** 31 - 1) return undefined;
  if (!isUsableKey(idempotencyKey)) return undefined;
  return {
    ...parsed.data,
    copy: { ...copy, receivedAt },
    first: { ...first, seenAt },
    botId: readableText(record.headers[HEADERS.botId] ?? ''),
  };
}

/** Stores refused copies by their position in raw: reading them again changes nothing. Answers how many could not be read. */
export async function recordDuplicates(
  withSession: WithSession,
  records: readonly ConsumedRecord[],
): Promise<{ recorded: number; malformed: number }> {
  const duplicates = records.map(readDuplicate).filter((duplicate) => duplicate !== undefined);
  const malformed = records.length - duplicates.length;
  if (duplicates.length === 0) return { recorded: 0, malformed };
  // Sorted, so that two instances never wait for each other crosswise.
  const rows = duplicates.sort((a, b) => a.copy.partition - b.copy.partition || a.copy.offset - b.copy.offset);
  const { rowCount } = await withSession((session) =>
    session.query(INSERT_DUPLICATES, [
      rows.map(({ copy }) => copy.partition),
      rows.map(({ copy }) => copy.offset),
      rows.map(({ idempotencyKey }) => idempotencyKey),
      rows.map(({ botId }) => botId),
      rows.map(({ first }) => first.offset),
      rows.map(({ first }) => first.seenAt),
      rows.map(({ copy }) => copy.receivedAt),
    ]),
  );
  return { recorded: rowCount, malformed };
}

function parseJson(value: Buffer | null): unknown {
  try {
    return JSON.parse(value?.toString('utf8') ?? '');
  } catch {
    return undefined;
  }
}

/** Only the form that dedupe writes, written anew: years, days and digits that Date alone accepts, PostgreSQL may not. */
function timeOf(text: string): string | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text)) return undefined;
  const time = Date.parse(text);
  return time >= 0 ? new Date(time).toISOString() : undefined;
}
