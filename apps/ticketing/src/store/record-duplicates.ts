import { duplicateRecordSchema, HEADERS, readableText, type DuplicateRecord } from '@onceline/contracts';
import type { ConsumedRecord } from '@onceline/kafka';
import { transactionVerdict } from '@onceline/retry-policy';
import { isUsableKey } from '../intake/to-command.js';
import { describeRefusal } from './failure.js';
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

/** A record that was not stored, because the database refuses its content. */
export interface RefusedDuplicate {
  readonly record: ConsumedRecord;
  /** In words that hold no value. */
  readonly message: string;
}

/** What became of some records of `telegram.updates.duplicates`. */
export interface RecordedDuplicates {
  readonly recorded: number;
  readonly malformed: number;
  readonly refused: readonly RefusedDuplicate[];
}

interface Readable {
  readonly record: ConsumedRecord;
  readonly duplicate: Duplicate;
}

/** Stores refused copies by their position in raw: reading them again changes nothing. What cannot be read or stored is set aside. */
export async function recordDuplicates(
  withSession: WithSession,
  records: readonly ConsumedRecord[],
): Promise<RecordedDuplicates> {
  const readable = records.flatMap((record): Readable[] => {
    const duplicate = readDuplicate(record);
    return duplicate === undefined ? [] : [{ record, duplicate }];
  });
  // Sorted, so that two instances never wait for each other crosswise.
  readable.sort(
    ({ duplicate: { copy: a } }, { duplicate: { copy: b } }) => a.partition - b.partition || a.offset - b.offset,
  );
  return { ...(await store(withSession, readable)), malformed: records.length - readable.length };
}

/**
 * All in one statement; what the database refuses is found by halving, and its neighbours go through.
 * @throws what asks for waiting, or is a defect
 */
async function store(
  withSession: WithSession,
  rows: readonly Readable[],
): Promise<Omit<RecordedDuplicates, 'malformed'>> {
  const [only, ...others] = rows;
  if (only === undefined) return { recorded: 0, refused: [] };
  try {
    return { recorded: await insert(withSession, rows), refused: [] };
  } catch (error) {
    if (transactionVerdict(error) !== 'record') throw error;
    if (others.length === 0)
      return { recorded: 0, refused: [{ record: only.record, message: describeRefusal(error) }] };
    const half = Math.ceil(rows.length / 2);
    const first = await store(withSession, rows.slice(0, half));
    const second = await store(withSession, rows.slice(half));
    return { recorded: first.recorded + second.recorded, refused: [...first.refused, ...second.refused] };
  }
}

async function insert(withSession: WithSession, rows: readonly Readable[]): Promise<number> {
  const duplicates = rows.map(({ duplicate }) => duplicate);
  const { rowCount } = await withSession((session) =>
    session.query(INSERT_DUPLICATES, [
      duplicates.map(({ copy }) => copy.partition),
      duplicates.map(({ copy }) => copy.offset),
      duplicates.map(({ idempotencyKey }) => idempotencyKey),
      duplicates.map(({ botId }) => botId),
      duplicates.map(({ first }) => first.offset),
      duplicates.map(({ first }) => first.seenAt),
      duplicates.map(({ copy }) => copy.receivedAt),
    ]),
  );
  return rowCount;
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
