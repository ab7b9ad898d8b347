/**
 * Produce requests in one pass into one buffer. kafkajs makes some ten encoder objects and six copies of each record; the bytes are the
 * same (fast-produce-encoding.unit.spec.ts compares them with kafkajs's own). What this library never sends (compression, records
 * without a time, other types) is left to kafkajs.
 */
import { createRequire } from 'node:module';
import { crc32c } from './crc32c.js';

const require = createRequire(import.meta.url);

/** A record as the client is given it. */
export interface EncodableMessage {
  readonly key: string | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timestamp: number;
}

/** What one produce request carries, in kafkajs's words. */
export interface ProduceArguments {
  readonly acks: number;
  readonly timeout: number;
  readonly transactionalId?: string | null | undefined;
  readonly producerId?: string | number | undefined;
  readonly producerEpoch?: number | undefined;
  readonly compression?: number | undefined;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly firstSequence?: number | undefined;
      readonly messages: readonly EncodableMessage[];
    }[];
  }[];
}

/** As much of kafkajs's encoder as a request needs after it is encoded. */
interface Encoded {
  readonly buf: Buffer;
  readonly buffer: Buffer;
  size(): number;
}

interface ProduceProtocol {
  request: { encode(): Promise<Encoded> };
}

type MakeProduce = (args: ProduceArguments) => ProduceProtocol;

/** From the batch's first byte to its first record. */
const BATCH_HEAD = 61;
/** What the batch's own length field leaves out: first offset and the field itself. */
const BEFORE_LENGTH = 12;
const MAGIC = 2;
const TRANSACTIONAL = 0x10;
const TWO_TO_32 = 0x1_0000_0000;

const NO_NAMES: readonly string[] = [];

/** First version of the request with record batches; up to 7 it has not changed. */
const FIRST_VERSION = 3;

/** Whether all of it is of the kind that {@link encodeProduce} knows. */
export function isEncodable({ compression, topicData }: ProduceArguments): boolean {
  if (compression !== undefined && compression !== 0) return false;
  return topicData.every(({ partitions }) => partitions.every(({ messages }) => messages.every(isPlain)));
}

function isPlain({ key, value, headers, timestamp }: EncodableMessage): boolean {
  if (key !== null && typeof key !== 'string') return false;
  if (value !== null && !Buffer.isBuffer(value)) return false;
  if (!Number.isSafeInteger(timestamp) || timestamp <= 0) return false;
  for (const name in headers) if (typeof headers[name] !== 'string') return false;
  return true;
}

/** The body of the request, version 3 to 7. */
export function encodeProduce(args: ProduceArguments): Buffer {
  const batches = args.topicData.map(({ partitions }) => partitions.map(({ messages }) => measure(messages)));
  const writer = new Writer(sizeOfRequest(args, batches));
  writer.text16(args.transactionalId ?? null);
  writer.int16(args.acks);
  writer.int32(args.timeout);
  writer.int32(args.topicData.length);
  args.topicData.forEach(({ topic, partitions }, t) => {
    writer.text16(topic);
    writer.int32(partitions.length);
    partitions.forEach(({ partition, firstSequence, messages }, p) => {
      const measured = batches[t]![p]!;
      writer.int32(partition);
      writer.int32(measured.bytes);
      writeBatch(writer, args, { messages, measured, firstSequence: firstSequence ?? 0 });
    });
  });
  return writer.whole();
}

/** Puts it in place of kafkajs's own; safe to call again. */
export function installFastProduceEncoding(): void {
  const { requests } = require('kafkajs/src/protocol/requests/index.js') as {
    requests: { Produce: { fast?: true; protocol(of: { version: number }): MakeProduce } };
  };
  const { Produce } = requests;
  if (Produce.fast) return;
  Produce.fast = true;
  const original = Produce.protocol.bind(Produce);
  Produce.protocol = ({ version }) => {
    const make = original({ version });
    if (version < FIRST_VERSION) return make;
    return (args) => {
      const made = make(args);
      if (!isEncodable(args)) return made;
      return { ...made, request: { ...made.request, encode: () => Promise.resolve(encodedBy(args)) } };
    };
  };
}

function encodedBy(args: ProduceArguments): Encoded {
  const buffer = encodeProduce(args);
  return { buf: buffer, buffer, size: () => buffer.length };
}

interface MeasuredBatch {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
  /** Size of each record without its own length field. */
  readonly bodies: readonly number[];
}

function measure(messages: readonly EncodableMessage[]): MeasuredBatch {
  let first = Infinity;
  let last = -Infinity;
  for (const { timestamp } of messages) {
    if (timestamp < first) first = timestamp;
    if (timestamp > last) last = timestamp;
  }
  const bodies = new Array<number>(messages.length);
  let bytes = BATCH_HEAD;
  for (let i = 0; i < messages.length; i++) {
    const { key, value, headers, timestamp } = messages[i]!;
    let body = 1 + sizeOfVarInt(timestamp - first) + sizeOfVarInt(i);
    body += key === null ? 1 : sizeOfText(key);
    body += value === null ? 1 : sizeOfVarInt(value.length) + value.length;
    body += sizeOfHeaders(headers);
    bodies[i] = body;
    bytes += sizeOfVarInt(body) + body;
  }
  return { bytes, first, last, bodies };
}

function sizeOfHeaders(headers: EncodableMessage['headers']): number {
  let count = 0;
  let bytes = 0;
  for (const name in headers) {
    count++;
    bytes += sizeOfText(name) + sizeOfText(headers[name]!);
  }
  return sizeOfVarInt(count) + bytes;
}

function sizeOfText(text: string): number {
  const bytes = Buffer.byteLength(text);
  return sizeOfVarInt(bytes) + bytes;
}

/** Zigzag: a number >= 0 takes one bit more. */
function sizeOfVarInt(value: number): number {
  let bytes = 1;
  for (let rest = value * 2; rest >= 0x80; rest /= 0x80) bytes++;
  return bytes;
}

function sizeOfRequest({ transactionalId, topicData }: ProduceArguments, batches: MeasuredBatch[][]): number {
  let bytes = 2 + (typeof transactionalId !== 'string' ? 0 : Buffer.byteLength(transactionalId)) + 2 + 4 + 4;
  topicData.forEach(({ topic }, t) => {
    bytes += 2 + Buffer.byteLength(topic) + 4;
    for (const batch of batches[t]!) bytes += 8 + batch.bytes;
  });
  return bytes;
}

interface Batch {
  readonly messages: readonly EncodableMessage[];
  readonly measured: MeasuredBatch;
  readonly firstSequence: number;
}

function writeBatch(writer: Writer, args: ProduceArguments, { messages, measured, firstSequence }: Batch): void {
  const { transactionalId, producerId, producerEpoch } = args;
  writer.int64(0);
  writer.int32(measured.bytes - BEFORE_LENGTH);
  writer.int32(0); // the leader's epoch, filled in by the broker
  writer.int8(MAGIC);
  const checksum = writer.skip(4);
  writer.int16(transactionalId ? TRANSACTIONAL : 0);
  writer.int32(messages.length - 1);
  writer.int64(measured.first);
  writer.int64(measured.last);
  writer.int64(producerId ?? -1);
  writer.int16(producerEpoch ?? 0);
  writer.int32(firstSequence);
  writer.int32(messages.length);
  for (let i = 0; i < messages.length; i++) {
    const message = messages[i]!;
    writer.varInt(measured.bodies[i]!);
    writer.int8(0);
    writer.varInt(message.timestamp - measured.first);
    writer.varInt(i);
    writeContent(writer, message);
  }
  writer.checksumAt(checksum);
}

function writeContent(writer: Writer, { key, value, headers }: EncodableMessage): void {
  if (key === null) writer.nothing();
  else writer.text(key);
  if (value === null) writer.nothing();
  else writer.bytes(value);
  const names = headers === undefined ? NO_NAMES : Object.keys(headers);
  writer.varInt(names.length);
  for (const name of names) {
    writer.text(name);
    writer.text(headers![name]!);
  }
}

/** Below this a loop over the characters is faster than the call into the runtime. */
const SHORT_TEXT = 48;

class Writer {
  private at = 0;
  private readonly buffer: Buffer;

  constructor(size: number) {
    this.buffer = Buffer.allocUnsafe(size);
  }

  /** @throws when the sizes were wrong: such a request must not leave */
  whole(): Buffer {
    if (this.at === this.buffer.length) return this.buffer;
    throw new Error(`a produce request of ${this.buffer.length} bytes came out as ${this.at}`);
  }

  skip(bytes: number): number {
    const at = this.at;
    this.at += bytes;
    return at;
  }

  /** The checksum covers what follows it. */
  checksumAt(at: number): void {
    this.buffer.writeUInt32BE(crc32c(this.buffer, at + 4, this.at), at);
  }

  int8(value: number): void {
    this.buffer[this.at++] = value;
  }

  int16(value: number): void {
    this.at = this.buffer.writeInt16BE(value, this.at);
  }

  int32(value: number): void {
    this.at = this.buffer.writeInt32BE(value, this.at);
  }

  int64(value: number | string): void {
    if (typeof value === 'number' && value >= 0) {
      this.int32(Math.floor(value / TWO_TO_32) | 0);
      this.at = this.buffer.writeUInt32BE(value % TWO_TO_32, this.at);
    } else this.at = this.buffer.writeBigInt64BE(BigInt(value), this.at);
  }

  text16(text: string | null): void {
    if (text === null) return this.int16(-1);
    const length = this.skip(2);
    this.at += this.buffer.write(text, this.at, 'utf8');
    this.buffer.writeInt16BE(this.at - length - 2, length);
  }

  nothing(): void {
    this.int8(1); // -1 in zigzag
  }

  text(text: string): void {
    const size = Buffer.byteLength(text);
    this.varInt(size);
    if (size === text.length && size < SHORT_TEXT) {
      for (let i = 0; i < size; i++) this.buffer[this.at++] = text.charCodeAt(i);
    } else this.at += this.buffer.write(text, this.at, size, 'utf8');
  }

  bytes(bytes: Buffer): void {
    this.varInt(bytes.length);
    this.at += bytes.copy(this.buffer, this.at);
  }

  /** @param value >= 0 */
  varInt(value: number): void {
    let rest = value * 2;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.buffer[this.at++] = (rest % 0x80) | 0x80;
    this.buffer[this.at++] = rest;
  }
}
