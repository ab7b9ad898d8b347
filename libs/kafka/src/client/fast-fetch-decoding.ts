/**
 * Reads fetch answers in one pass. kafkajs makes a decoder object, three slices and two big integers for each record and copies its
 * table of headers once per header; here a record costs itself, its bytes are views into the answer, and the result is the same.
 *
 * Compressed batches and message sets older than Kafka 0.11 are left to kafkajs.
 */
import { createRequire } from 'node:module';
import type { FetchedMessage, FetchedPartition } from './client-patch.js';

const require = createRequire(import.meta.url);

/** The version that kafkajs and every broker from 4.0 on agree on. */
const VERSION = 11;
const BATCH_HEAD = 61;
const MAGIC = 2;
const COMPRESSION = 0x07;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const OWN = { configurable: true, enumerable: true, writable: true };

type Headers = FetchedMessage['headers'];
type Partition = FetchedPartition & {
  readonly errorCode: number;
  readonly lastStartOffset: string;
  readonly preferredReadReplica: number;
};

/** What kafkajs makes of a fetch answer. */
export interface FetchAnswer {
  readonly throttleTime: number;
  readonly clientSideThrottleTime: number;
  readonly errorCode: number;
  readonly sessionId: number;
  readonly responses: readonly { readonly topicName: string; readonly partitions: readonly Partition[] }[];
}

class Reader {
  constructor(
    readonly bytes: Buffer,
    public at = 0,
  ) {}

  int16(): number {
    return this.bytes.readInt16BE((this.at += 2) - 2);
  }

  int32(): number {
    return this.bytes.readInt32BE((this.at += 4) - 4);
  }

  int64(): number {
    const high = this.int32();
    return high * 2 ** 32 + this.bytes.readUInt32BE((this.at += 4) - 4);
  }

  /** As text, for numbers that may be larger than a double holds exactly. */
  long(): string {
    return this.bytes.readBigInt64BE((this.at += 8) - 8).toString();
  }

  text(): string {
    const length = this.int16();
    return this.bytes.toString('utf8', this.at, (this.at += length));
  }

  list<T>(one: () => T): T[] {
    const count = this.int32();
    const all: T[] = [];
    for (let i = 0; i < count; i++) all.push(one());
    return all;
  }

  /** Zigzag, of any length up to 2^53. */
  varint(): number {
    const { bytes } = this;
    let byte = bytes[this.at++]!;
    let value = byte & 0x7f;
    for (let scale = 0x80; byte >= 0x80; scale *= 0x80) {
      byte = bytes[this.at++]!;
      value += (byte & 0x7f) * scale;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  varbytes(): Buffer | null {
    const length = this.varint();
    return length < 0 ? null : this.bytes.subarray(this.at, (this.at += length));
  }
}

/** `undefined`: something is in it that kafkajs must read. */
export function decodeFetch(bytes: Buffer): FetchAnswer | undefined {
  const reader = new Reader(bytes);
  let isForeign = false;
  const [clientSideThrottleTime, errorCode, sessionId] = [reader.int32(), reader.int16(), reader.int32()];
  const partition = (): Partition => {
    const head = {
      partition: reader.int32(),
      errorCode: reader.int16(),
      highWatermark: reader.long(),
      lastStableOffset: reader.long(),
      lastStartOffset: reader.long(),
      abortedTransactions: reader.list(() => ({ producerId: reader.long(), firstOffset: reader.long() })),
      preferredReadReplica: reader.int32(),
    };
    const size = Math.max(0, reader.int32());
    const messages = decodeBatches(bytes, reader.at, Math.min(bytes.length, reader.at + size));
    reader.at += size;
    isForeign ||= messages === undefined;
    return { ...head, messages: messages ?? [] };
  };
  const responses = reader.list(() => ({ topicName: reader.text(), partitions: reader.list(partition) }));
  // The broker does not throttle a client that can do it itself, and kafkajs does it by the second figure.
  return isForeign ? undefined : { throttleTime: 0, clientSideThrottleTime, errorCode, sessionId, responses };
}

function decodeBatches(bytes: Buffer, from: number, end: number): FetchedMessage[] | undefined {
  const messages: FetchedMessage[] = [];
  // The last batch may be cut off: the next fetch begins with it.
  for (let at = from, next; at + BATCH_HEAD <= end && (next = at + 12 + bytes.readInt32BE(at + 8)) <= end; at = next) {
    if (bytes[at + 16] !== MAGIC || (bytes.readInt16BE(at + 21) & COMPRESSION) !== 0) return undefined;
    decodeBatch(bytes, at, messages);
  }
  return messages;
}

function decodeBatch(bytes: Buffer, at: number, into: FetchedMessage[]): void {
  const reader = new Reader(bytes, at);
  const firstOffset = reader.int64();
  reader.at = at + 21;
  const attributes = reader.int16();
  reader.at = at + 27;
  const [firstTime, maxTime, producerId] = [reader.int64(), reader.int64(), reader.long()];
  const batchContext = { producerId, inTransaction: (attributes & TRANSACTIONAL) !== 0 };
  const isControlRecord = (attributes & CONTROL) !== 0;
  const time = (attributes & LOG_APPEND_TIME) === 0 ? undefined : String(maxTime);
  reader.at = at + 57;
  for (let left = reader.int32(); left > 0; left--) {
    const end = reader.varint() + reader.at;
    reader.at++;
    const timestamp = time ?? String(firstTime + reader.varint());
    if (time !== undefined) reader.varint();
    const offset = String(firstOffset + reader.varint());
    const [key, value] = [reader.varbytes(), reader.varbytes()];
    into.push({ offset, timestamp, key, value, headers: headersOf(reader), isControlRecord, batchContext });
    reader.at = end;
  }
}

function headersOf(reader: Reader): Headers {
  const headers: Headers = {};
  for (let left = reader.varint(); left > 0; left--) {
    const name = reader.varbytes()?.toString() ?? '';
    const value = reader.varbytes() as Buffer;
    const known = Object.hasOwn(headers, name) ? headers[name] : undefined;
    const all = known === undefined ? value : [known, value].flat();
    if (name === '__proto__') Object.defineProperty(headers, name, { ...OWN, value: all });
    else headers[name] = all;
  }
  return headers;
}

interface Exchange {
  readonly response: { decode(bytes: Buffer): Promise<FetchAnswer>; readonly parse: unknown };
}

/** Puts the decoding in place for all fetches of this process; safe to call again. */
export function installFastFetchDecoding(): void {
  const { requests } = require('kafkajs/src/protocol/requests/index.js') as {
    requests: { Fetch: { fast?: true; protocol(of: { version: number }): (args: unknown) => Exchange } };
  };
  const { Fetch } = requests;
  if (Fetch.fast) return;
  Fetch.fast = true;
  const original = Fetch.protocol.bind(Fetch);
  Fetch.protocol = ({ version }) => {
    const make = original({ version });
    if (version !== VERSION) return make;
    return (args) => {
      const made = make(args);
      const decode = async (bytes: Buffer) => decodeFetch(bytes) ?? made.response.decode(bytes);
      return { ...made, response: { ...made.response, decode } };
    };
  };
}
