/** Records of `raw` for the specs beside. */
import { HEADERS, TOPICS } from '@onceline/contracts';
import type { ConsumedRecord, RecordHeaders } from '@onceline/kafka';

export interface RawRecordOptions {
  readonly offset: number;
  readonly updateId: number;
  readonly partition?: number;
  readonly timestamp?: number;
  readonly text?: string;
  readonly value?: Buffer | null;
  readonly headers?: RecordHeaders;
}

/** A private message of bot 1000001; the text is all that tells two payloads of one update apart. */
export function updateBytes(updateId: number, text = 'hello'): Buffer {
  const message = { message_id: updateId, date: 1, chat: { id: 77, type: 'private' }, text };
  return Buffer.from(JSON.stringify({ update_id: updateId, message }));
}

export function rawRecord(options: RawRecordOptions): ConsumedRecord {
  return {
    topic: TOPICS.raw,
    partition: options.partition ?? 0,
    offset: options.offset,
    timestamp: options.timestamp ?? 1_800_000_000_000,
    key: '1000001:77',
    value: options.value === undefined ? updateBytes(options.updateId, options.text) : options.value,
    headers: options.headers ?? {
      [HEADERS.botId]: '1000001',
      [HEADERS.receivedAt]: '2027-01-15T08:00:00.000Z',
    },
  };
}
