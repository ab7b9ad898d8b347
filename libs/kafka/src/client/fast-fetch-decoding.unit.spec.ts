import { createRequire } from 'node:module';
import fc from 'fast-check';
import { decodeFetch, type FetchAnswer } from './fast-fetch-decoding.js';

const require = createRequire(import.meta.url);
const kafkajs = require('kafkajs/src/protocol/requests/fetch/v11/response.js') as {
  decode(bytes: Buffer): Promise<FetchAnswer>;
};
interface Encoder {
  readonly buffer: Buffer;
  writeInt16(value: number): Encoder;
  writeInt32(value: number): Encoder;
  writeInt64(value: bigint | number): Encoder;
  writeString(text: string): Encoder;
  writeBuffer(bytes: Buffer): Encoder;
}
const Encoder = require('kafkajs/src/protocol/encoder.js') as new () => Encoder;
const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0/index.js') as (record: object) => Encoder;
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js') as {
  readonly RecordBatch: (batch: object) => Promise<Encoder>;
};

const long = fc.bigInt({ min: -1n, max: 2n ** 62n });
const bytes = fc.option(fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)));
const batch = fc.record({
  firstOffset: fc.nat(2 ** 40),
  firstTimestamp: fc.integer({ min: 0, max: 2 ** 45 }),
  producerId: long,
  transactional: fc.boolean(),
  /** What kafkajs never writes: control batches, times set by the broker. */
  attributes: fc.constantFrom(0, 0x20, 0x08),
  compression: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 1),
  records: fc.array(
    fc.record({
      timestampDelta: fc.integer({ min: -(2 ** 31), max: 2 ** 31 }),
      key: bytes,
      value: bytes,
      headers: fc.dictionary(
        fc.string({ unit: 'binary', maxLength: 70 }),
        fc.string({ unit: 'binary', maxLength: 70 }),
        {
          maxKeys: 4,
        },
      ),
    }),
    { maxLength: 20 },
  ),
});
const partition = fc.record({
  partition: fc.nat(1000),
  errorCode: fc.nat(80),
  highWatermark: long,
  aborted: fc.array(fc.record({ producerId: long, firstOffset: long }), { maxLength: 3 }),
  batches: fc.array(batch, { maxLength: 4 }),
  /** The last batch of an answer may be cut off, the first one never is. */
  cut: fc.nat(60),
});
type Batch = typeof batch extends fc.Arbitrary<infer T> ? T : never;
type Partition = typeof partition extends fc.Arbitrary<infer T> ? T : never;

async function encodeBatch({ attributes, records, ...of }: Batch): Promise<Buffer> {
  const encoded = records.map(({ timestampDelta, ...record }, i) =>
    encodeRecord({ ...record, timestampDelta: BigInt(timestampDelta), offsetDelta: 2 * i }),
  );
  const { buffer } = await RecordBatch({ ...of, records: encoded, maxTimestamp: of.firstTimestamp + 7 });
  buffer.writeInt16BE(buffer.readInt16BE(21) | attributes, 21);
  return buffer;
}

async function encodePartition(of: Partition): Promise<Encoder> {
  const whole = Buffer.concat(await Promise.all(of.batches.map(encodeBatch)));
  const set = whole.subarray(0, of.batches.length > 1 ? whole.length - of.cut : undefined);
  const head = new Encoder().writeInt32(of.partition).writeInt16(of.errorCode);
  for (const value of [of.highWatermark, of.highWatermark, 3n]) head.writeInt64(value);
  head.writeInt32(of.aborted.length);
  for (const { producerId, firstOffset } of of.aborted) head.writeInt64(producerId).writeInt64(firstOffset);
  return head.writeInt32(-1).writeInt32(set.length).writeBuffer(set);
}

async function encodeAnswer(topics: readonly { topic: string; partitions: Partition[] }[]): Promise<Buffer> {
  const answer = new Encoder().writeInt32(5).writeInt16(0).writeInt32(9).writeInt32(topics.length);
  for (const { topic, partitions } of topics) {
    answer.writeString(topic).writeInt32(partitions.length);
    for (const one of partitions) answer.writeBuffer((await encodePartition(one)).buffer);
  }
  return Buffer.from(answer.buffer);
}

/** Of kafkajs's answer, what anybody reads. */
function relevant(answer: FetchAnswer) {
  const messages = (partition: FetchAnswer['responses'][number]['partitions'][number]) =>
    partition.messages.map(({ offset, timestamp, key, value, headers, isControlRecord, batchContext }) => {
      const { producerId, inTransaction } = batchContext;
      const context = { producerId, inTransaction };
      return { offset, timestamp, key, value, headers, isControlRecord, batchContext: context };
    });
  return {
    ...answer,
    responses: answer.responses.map(({ topicName, partitions }) => ({
      topicName,
      partitions: partitions.map((one) => ({ ...one, messages: messages(one) })),
    })),
  };
}

const topics = fc.array(
  fc.record({ topic: fc.string({ maxLength: 40 }), partitions: fc.array(partition, { maxLength: 3 }) }),
  { maxLength: 2 },
);

describe('the fast decoding of fetch answers', () => {
  it('reads what kafkajs reads, and leaves compressed batches to it', async () => {
    let [read, left] = [0, 0];
    await fc.assert(
      fc.asyncProperty(topics, async (contents) => {
        const answer = await encodeAnswer(contents);
        const ours = decodeFetch(answer);
        if (ours === undefined) {
          left++;
          expect(
            contents
              .flatMap((t) => t.partitions)
              .flatMap((p) => p.batches)
              .some((b) => b.compression === 1),
          ).toBe(true);
          return;
        }
        read += ours.responses.flatMap((t) => t.partitions).flatMap((p) => p.messages).length;
        expect(relevant(ours)).toEqual(relevant(await kafkajs.decode(answer)));
      }),
      { numRuns: 100 },
    );
    expect(read).toBeGreaterThan(100);
    expect(left).toBeGreaterThan(0);
  });

  it('leaves message sets of old brokers to kafkajs', async () => {
    const answer = await encodeAnswer([{ topic: 't', partitions: [{ ...onePartition, batches: [oneBatch] }] }]);
    expect(decodeFetch(answer)).toBeDefined();
    const magic = answer.lastIndexOf(Buffer.from('the value')) - MAGIC_BEFORE_VALUE;
    expect(answer[magic]).toBe(2);
    answer[magic] = 1;
    expect(decodeFetch(answer)).toBeUndefined();
  });
});

const oneBatch: Batch = {
  firstOffset: 1,
  firstTimestamp: 1,
  producerId: -1n,
  transactional: false,
  attributes: 0,
  compression: 0,
  records: [{ timestampDelta: 0, key: null, value: Buffer.from('the value'), headers: {} }],
};
const onePartition: Partition = { partition: 0, errorCode: 0, highWatermark: 2n, aborted: [], batches: [], cut: 0 };
/** From the magic byte: 44 bytes of the batch's head, the count, and 6 single bytes of the record before its value. */
const MAGIC_BEFORE_VALUE = 61 - 16 + 6;
