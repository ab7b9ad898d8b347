import fc from 'fast-check';
import { codeOf, record, textOf } from './conformance/bench.spec.js';
import { verdictOf, type OutputState } from './hanging-transaction.js';
import { InMemoryCluster } from './in-memory/cluster.js';
import { createInMemoryKafka } from './in-memory/create-in-memory-kafka.js';
import type { Kafka, SoleWriter, TransactionalProducer } from './port.js';

const whole = (visible?: number): OutputState => ({ hanging: undefined, visible });
const hanging = (from: number | 'unknown', visible?: number): OutputState => ({ hanging: from, visible });
const input = (committed: number | null, end = 100) => ({ committed, low: 2, end });

describe('the verdict on what a new owner finds', () => {
  it.each([
    ['nothing was ever written', input(null), [whole(), whole()], { nextOffset: 2 }],
    ['nothing has been written yet', input(2), [whole(), whole()], 'nothing'],
    ['all is visible and the offset is behind it', input(8), [whole(7), whole(3)], 'nothing'],
    ['records hang and nothing of theirs is seen', input(5), [hanging(5, 4), whole(3)], 'abort'],
    ['records hang and the offset is committed', input(8), [hanging(5, 4), whole(3)], 'commit'],
    ['records hang and others of the transaction are seen', input(5), [hanging(5, 4), whole(7)], 'commit'],
    ['records hang that do not say where they are from', input(5), [hanging('unknown'), whole(4)], 'abort'],
    ['all is visible but the offset', input(5), [whole(7), whole(4)], { nextOffset: 8 }],
    ['the group has lost its offset', input(null), [whole(7)], 'nothing'],
    ['the outputs are of an input that is gone', input(0, 3), [whole(7)], 'nothing'],
  ])('%s', (_, state, outputs, verdict) => {
    expect(verdictOf(state, outputs)).toEqual(verdict);
  });
});

const INPUTS = 30;
const OUTPUTS = ['a', 'b', 'c'] as const;
const outputOf = (n: number) => OUTPUTS[n % 5 === 0 ? 2 : n % 2]!;

/** One partition's owners, one after the other, each of which copies the input from the committed offset on. */
class Owners {
  /** With what it has handled: it asks for the committed offset only when it takes over. */
  private owner: { readonly producer: TransactionalProducer; position: number } | undefined;

  private constructor(
    private readonly kafka: Kafka,
    private readonly cluster: InMemoryCluster,
  ) {}

  static async over(cluster: InMemoryCluster): Promise<Owners> {
    const kafka = createInMemoryKafka({ cluster });
    await kafka.admin.createMissing(
      ['in', ...OUTPUTS].map((name) => ({ name, partitions: 1, config: {} })),
      { replicationFactor: 1 },
    );
    const producer = await kafka.producer();
    for (let n = 0; n < INPUTS; n++) await producer.send('in', record(null, `${n}`));
    return new Owners(kafka, cluster);
  }

  /**
   * One more batch; `turns` after its beginning the next owner takes over, or none does. Where there is none yet, one may die while it takes
   * over: its next requests are shut out.
   */
  async step(size: number, turns: number | null, dies: number | null = null): Promise<void> {
    if (this.owner === undefined && dies !== null) {
      void codeOf(this.newOwner().fence());
      await pass(dies);
    }
    const owner = (this.owner ??= { producer: await this.takeOver(), position: (await this.committed()) ?? 0 });
    const from = owner.position;
    const numbers = Array.from({ length: Math.min(size, INPUTS - from) }, (_, i) => from + i);
    if (numbers.length === 0) return;
    const writing = codeOf(owner.producer.transact(contents(numbers)));
    if (turns === null) {
      if ((await writing) === 'no error') owner.position += numbers.length;
      else this.owner = undefined;
      return;
    }
    await pass(turns);
    // The old owner is still writing when the new one comes.
    this.owner = undefined;
  }

  /** Until all is handled and nothing hangs. */
  async finish(): Promise<void> {
    do {
      this.owner = undefined;
      await this.step(INPUTS, null);
    } while ((await this.committed()) !== INPUTS);
  }

  async outputs(): Promise<Record<string, number[]>> {
    const found: Record<string, number[]> = {};
    for (const topic of OUTPUTS) {
      found[topic] = [];
      await this.kafka.read(topic, ({ records }) => void found[topic]!.push(...records.map((r) => Number(textOf(r)))));
    }
    return found;
  }

  async committed(): Promise<number | null> {
    return (await this.kafka.admin.committed('g', 'in'))[0] ?? null;
  }

  loseMarkers(lost: Iterator<boolean>): void {
    this.cluster.loseMarkers(() => lost.next().value === true);
  }

  private async takeOver(): Promise<TransactionalProducer> {
    for (;;) {
      const owner = this.newOwner();
      if ((await codeOf(owner.fence())) === 'no error') return owner;
    }
  }

  private newOwner(): TransactionalProducer {
    const soleWriter: SoleWriter = {
      outputs: OUTPUTS.map((topic) => ({ topic, partition: 0 })),
      input: { groupId: 'g', topic: 'in', partition: 0 },
      inputOffsetOf: (r) => Number(textOf(r)),
    };
    return this.kafka.transactionalProducer({ transactionalId: 'copy', soleWriter });
  }
}

async function pass(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const contents = (numbers: readonly number[]) => ({
  writes: OUTPUTS.map((topic) => ({
    topic,
    partition: 0,
    records: numbers.filter((n) => outputOf(n) === topic).map((n) => record(null, `${n}`)),
  })).filter(({ records }) => records.length > 0),
  offset: { groupId: 'g', topic: 'in', partition: 0, nextOffset: numbers.at(-1)! + 1 },
});

describe('exactly once, whichever markers are lost and whenever owners change', () => {
  it('shows each input once, in order', async () => {
    const step = fc.record({
      size: fc.integer({ min: 1, max: 7 }),
      turns: fc.option(fc.integer({ min: 0, max: 8 })),
      dies: fc.option(fc.integer({ min: 0, max: 40 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), fc.array(fc.boolean()), async (steps, lost) => {
        const owners = await Owners.over(new InMemoryCluster());
        owners.loseMarkers(lost[Symbol.iterator]());
        for (const { size, turns, dies } of steps) await owners.step(size, turns, dies);
        owners.loseMarkers([][Symbol.iterator]());
        await owners.finish();
        const all = Array.from({ length: INPUTS }, (_, n) => n);
        expect(await owners.outputs()).toEqual(
          Object.fromEntries(OUTPUTS.map((topic) => [topic, all.filter((n) => outputOf(n) === topic)])),
        );
      }),
      { numRuns: 500 },
    );
  }, 60_000);
});
