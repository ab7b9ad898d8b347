import fc from 'fast-check';
import kafkajs from 'kafkajs';
import { murmur2, partitionFor } from './partitioner.js';

describe('partitionFor', () => {
  // The vectors of Kafka's own UtilsTest.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('hashes %s as Java does', (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash);
  });

  it("agrees with the client's own default partitioner for every key and count", () => {
    const partitioner = kafkajs.Partitioners.DefaultPartitioner();
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.integer({ min: 1, max: 100 }), (key, count) => {
        const partitionMetadata = Array.from({ length: count }, (_, partitionId) => ({ partitionId, leader: 0 }));
        const theirs = partitioner({ topic: 't', partitionMetadata, message: { key, value: null } } as never);
        expect(partitionFor(key, count)).toBe(theirs);
      }),
    );
  });
});
