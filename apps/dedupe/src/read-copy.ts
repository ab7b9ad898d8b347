import { hash } from 'node:crypto';
import { HEADERS, idempotencyKey, isBotId, isMalformed, parseUpdate, updateKindLabel } from '@onceline/contracts';
import type { ConsumedRecord } from '@onceline/kafka';
import type { Copy } from './classify-copy.js';

/** A record of `raw` with what its bytes say. */
export interface ReadableCopy extends Copy {
  readonly record: ConsumedRecord;
  readonly botId: string;
  readonly updateId: number;
  readonly kind: string;
}

/** Why a record of `raw` is no update. The ingress lets no such record in; somebody else may. */
export interface UnreadableRecord {
  readonly record: ConsumedRecord;
  readonly unreadable: string;
}

/** 64 bits of the payload's SHA-256, in hexadecimal digits. */
const PAYLOAD_HASH_DIGITS = 16;

export function readCopy(record: ConsumedRecord): ReadableCopy | UnreadableRecord {
  const { value, headers } = record;
  const botId = headers[HEADERS.botId];
  if (value === null) return { record, unreadable: 'the record has no value' };
  if (botId === undefined) return { record, unreadable: `the header ${HEADERS.botId} is missing` };
  if (!isBotId(botId)) return { record, unreadable: `the header ${HEADERS.botId} is no bot id` };
  const update = parseUpdate(value);
  if (isMalformed(update)) return { record, unreadable: update.malformed };
  return {
    record,
    botId,
    updateId: update.updateId,
    kind: updateKindLabel(update.kind),
    key: idempotencyKey(botId, update),
    payloadHash: hash('sha256', value, 'hex').slice(0, PAYLOAD_HASH_DIGITS),
    offset: record.offset,
  };
}

export function isUnreadable(copy: ReadableCopy | UnreadableRecord): copy is UnreadableRecord {
  return 'unreadable' in copy;
}
