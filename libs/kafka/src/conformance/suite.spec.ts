/**
 * What every implementation of the port must do, as one suite named by guarantee. The real client and the in-memory twin both
 * pass it; it asserts only what the port promises, never how fast.
 */
import { Bench, type KafkaUnderTest } from './bench.spec.js';
import { consuming } from './consuming.spec.js';
import { holding } from './holding.spec.js';
import { pipelining } from './pipelining.spec.js';
import { reading } from './reading.spec.js';
import { restoring } from './restoring.spec.js';
import { writing } from './writing.spec.js';

/** Registers the suite. */
export function kafkaConformance(name: string, start: () => Promise<KafkaUnderTest>): void {
  describe(name, () => {
    const bench = new Bench(start);
    beforeAll(() => bench.open(), 60_000);
    afterAll(() => bench.close(), 60_000);
    writing(bench);
    reading(bench);
    consuming(bench);
    pipelining(bench);
    restoring(bench);
    holding(bench);
  });
}
