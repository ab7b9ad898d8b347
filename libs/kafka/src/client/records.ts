/** Records as kafkajs hands them over, in our own shape. */
import type { ConsumedRecord, RecordHeaders } from '../port.js';
import { installFastFetchDecoding } from './fast-fetch-decoding.js';

installFastFetchDecoding();

/** The part of a kafkajs message that is read. */
export interface ClientMessage {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>;
}

/** Turns a kafkajs message into a {@link ConsumedRecord}. */
export function toRecord(topic: string, partition: number, message: ClientMessage): ConsumedRecord {
  return {
    topic,
    partition,
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    key: message.key === null ? null : message.key.toString(),
    value: message.value,
    headers: toHeaders(message.headers),
  };
}

const NONE: RecordHeaders = Object.freeze({});

function toHeaders(headers: ClientMessage['headers']): RecordHeaders {
  let texts: Record<string, string> | undefined;
  for (const name in headers) {
    const value = headers[name];
    // Of a header that was written twice the last one counts; a header without a value is none.
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last !== undefined && last !== null) (texts ??= {})[name] = last.toString();
  }
  return texts ?? NONE;
}
