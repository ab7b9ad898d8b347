import { createRequire } from 'node:module';
import fc from 'fast-check';
import { crc32c } from './crc32c.js';
import { encodeProduce, isEncodable, type ProduceArguments } from './fast-produce-encoding.js';

const require = createRequire(import.meta.url);
const kafkajsRequest = require('kafkajs/src/protocol/requests/produce/v7/request.js') as (args: unknown) => {
  encode(): Promise<{ buffer: Buffer }>;
};
const kafkajsCrc = require('kafkajs/src/protocol/recordBatch/crc32C/index.js') as (bytes: Buffer) => number;

const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 90 }), fc.string({ maxLength: 60 }), fc.constant(''));
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));

const message = fc.record(
  {
    key: fc.option(text),
    value: fc.option(fc.oneof(bytes, fc.constant(Buffer.alloc(20_000, 7)))),
    // kafkajs sorts times as text, so that only those of one length come out right there.
    timestamp: fc.integer({ min: 1_000_000_000_000, max: 9_999_999_999_999 }),
    headers: fc.dictionary(text, text, { maxKeys: 5 }),
  },
  { requiredKeys: ['key', 'value', 'timestamp'] },
);

const request = fc.record({
  acks: fc.constantFrom(-1, 1),
  timeout: fc.integer({ min: 0, max: 60_000 }),
  topicData: fc.array(
    fc.record({
      topic: fc.string({ minLength: 1, maxLength: 12 }),
      partitions: fc.array(
        fc.record({
          partition: fc.nat(1000),
          firstSequence: fc.nat(2_000_000_000),
          messages: fc.array(message, { minLength: 1, maxLength: 12 }),
        }),
        { minLength: 1, maxLength: 3 },
      ),
    }),
    { minLength: 1, maxLength: 2 },
  ),
});

const owner = fc.oneof(
  fc.constant({}),
  fc.constant({ producerId: -1, producerEpoch: 0 }),
  fc.record({
    transactionalId: text.filter((id) => id !== ''),
    producerId: fc.bigInt({ min: 0n, max: 2n ** 62n }).map(String),
    producerEpoch: fc.nat(32_767),
  }),
);

describe('the fast encoding of produce requests', () => {
  it('is byte for byte that of kafkajs', async () => {
    await fc.assert(
      fc.asyncProperty(request, owner, async (contents, by) => {
        const args: ProduceArguments = { ...contents, ...by };
        expect(isEncodable(args)).toBe(true);
        const { buffer } = await kafkajsRequest(args).encode();
        expect(encodeProduce(args).equals(buffer)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('leaves to kafkajs what this library does not send', () => {
    const plain = { key: null, value: null, timestamp: 1_700_000_000_000 };
    const of = (message: object, compression = 0) =>
      ({
        acks: -1,
        timeout: 1,
        compression,
        topicData: [{ topic: 't', partitions: [{ partition: 0, messages: [plain, message] }] }],
      }) as unknown as ProduceArguments;
    expect(isEncodable(of(plain))).toBe(true);
    expect(isEncodable(of(plain, 1))).toBe(false);
    for (const part of [
      { key: Buffer.from('k') },
      { value: 'text' },
      { timestamp: undefined },
      { timestamp: '1700000000000' },
      { headers: { a: ['1', '2'] } },
      { headers: { a: Buffer.from('1') } },
    ])
      expect(isEncodable(of({ ...plain, ...part }))).toBe(false);
  });
});

describe('the checksum', () => {
  it('is the known one', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  });

  it('is that of kafkajs, for any bytes and any part of them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), fc.nat(20), (array, from) => {
        const whole = Buffer.from(array);
        expect(crc32c(whole)).toBe(kafkajsCrc(whole));
        expect(crc32c(whole, Math.min(from, whole.length))).toBe(kafkajsCrc(whole.subarray(from)));
      }),
      { numRuns: 300 },
    );
  });
});
