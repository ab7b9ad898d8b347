import { HEADERS, TOPICS, decodeSeenRecord, duplicateRecordSchema } from '@onceline/contracts';
import type { ConsumedRecord } from '@onceline/kafka';

/** Where in `raw` a record comes from that dedupe has written; `undefined` when it does not say it, as one of somebody else. */
export function rawOffsetOf(record: ConsumedRecord): number | undefined {
  const offset = saidOffset(record);
  return offset !== undefined && Number.isSafeInteger(offset) && offset >= 0 ? offset : undefined;
}

function saidOffset({ topic, value, headers }: ConsumedRecord): number | undefined {
  switch (topic) {
    case TOPICS.unique:
      return Number(headers[HEADERS.rawOffset] ?? Number.NaN);
    case TOPICS.dedupeDeadLetter:
      return Number(headers[HEADERS.originOffset] ?? Number.NaN);
    case TOPICS.seen:
      return value === null ? undefined : orNothing(() => decodeSeenRecord(value).firstOffset);
    case TOPICS.duplicates:
      return orNothing(() => duplicateRecordSchema.parse(JSON.parse(String(value))).copy.offset);
    default:
      return undefined;
  }
}

/** Garbage says nothing: it is told where its content is read, not here where only its place is asked for. */
function orNothing(read: () => number): number | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
