import fc from 'fast-check';
import { LaneProducer } from './batching-producer.js';
import { KafkaError, type KafkaErrorCode } from './errors.js';
import type { PartitionWrite, ProduceWire, TopicPartition, WriteOutcome } from './wire.js';

interface Request {
  readonly leader: number;
  readonly writes: readonly PartitionWrite[];
  /** Appends and says so. */
  answer(): void;
  fail(code: KafkaErrorCode): void;
  /** One answer per write: nothing = appended and said so, a code = the failure, `null` = not named. */
  answerEach(answers: readonly (KafkaErrorCode | undefined | null)[]): void;
}

/** A wire whose every answer the test gives by hand. */
class HandWire implements ProduceWire {
  readonly requests: Request[] = [];
  closed = false;
  private readonly waiting: { index: number; resolve: (request: Request) => void }[] = [];
  private readonly written = new Map<string, number>();

  constructor(
    readonly partitionCount: (topic: string) => Promise<number> = () => Promise.resolve(4),
    readonly leaderOf: (target: TopicPartition) => number = () => 0,
  ) {}

  produce(leader: number, writes: readonly PartitionWrite[]): Promise<readonly WriteOutcome[]> {
    return new Promise((resolve) => {
      const answerEach = (answers: readonly (KafkaErrorCode | undefined | null)[]) =>
        resolve(
          writes.map((write, i) => {
            const code = answers[i];
            if (code === undefined) return this.append(write);
            return code === null ? (undefined as unknown as WriteOutcome) : new KafkaError(code, `failed: ${code}`);
          }),
        );
      this.requests.push({
        leader,
        writes,
        answerEach,
        answer: () => answerEach([]),
        fail: (code) => answerEach(writes.map(() => code)),
      });
      for (const waiter of this.waiting)
        if (waiter.index < this.requests.length) waiter.resolve(this.requests[waiter.index]!);
    });
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  /** The request of that number, as soon as it is made. */
  request(index: number): Promise<Request> {
    const made = this.requests[index];
    if (made !== undefined) return Promise.resolve(made);
    return new Promise((resolve) => this.waiting.push({ index, resolve }));
  }

  private append({ target, records }: PartitionWrite): number {
    const key = `${target.topic}/${target.partition}`;
    const first = this.written.get(key) ?? 0;
    this.written.set(key, first + records.length);
    return first;
  }
}

const record = (text: string) => ({ key: null, value: Buffer.from(text) });
const partitionsOf = ({ writes }: Request) => writes.map(({ target }) => target.partition);
const textsOf = ({ writes }: Request) => writes.flatMap(({ records }) => records.map(({ value }) => value!.toString()));
const turn = () => new Promise((resolve) => setImmediate(resolve));
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: KafkaError) => error,
  );

describe('group commit', () => {
  it('sends a lone record at once, and what comes meanwhile together', async () => {
    const wire = new HandWire();
    const producer = new LaneProducer(wire);
    const to = { partition: 1 };
    const first = producer.send('t', record('a'), to);
    (await wire.request(0)).answer();
    expect(await first).toEqual({ topic: 't', partition: 1, offset: 0 });

    const alone = producer.send('t', record('b'), to);
    await turn();
    expect(wire.requests.length).toBe(2);
    const together = ['c', 'd', 'e'].map((text) => producer.send('t', record(text), to));
    await turn();
    expect(wire.requests.length).toBe(2);
    wire.requests[1]!.answer();
    await alone;
    await turn();
    expect(textsOf(wire.requests[2]!)).toEqual(['c', 'd', 'e']);
    wire.requests[2]!.answer();
    expect((await Promise.all(together)).map(({ offset }) => offset)).toEqual([2, 3, 4]);
  });

  it('takes all partitions of a broker that are ready, and never two batches of one partition', async () => {
    const wire = new HandWire();
    const producer = new LaneProducer(wire, { maxRequestsInFlight: 2 });
    const send = (partition: number) => producer.send('t', record(`${partition}`), { partition });
    const sends = [send(2), send(0)];
    await wire.request(0);
    expect(wire.requests.map(partitionsOf)).toEqual([[2, 0]]);
    sends.push(send(0), send(1));
    await turn();
    // Partition 0 has waited longer than 1, but its first batch is still out.
    expect(wire.requests.map(partitionsOf)).toEqual([[2, 0], [1]]);
    sends.push(send(3));
    await turn();
    expect(wire.requests.length).toBe(2);
    wire.requests[0]!.answer();
    await turn();
    await turn();
    expect(wire.requests.map(partitionsOf)).toEqual([[2, 0], [1], [0, 3]]);
    wire.requests[1]!.answer();
    wire.requests[2]!.answer();
    expect((await Promise.all(sends)).map(({ offset }) => offset)).toEqual([0, 0, 1, 0, 0]);
  });

  it('asks each broker by itself, and follows a partition that moves', async () => {
    let moved = false;
    const wire = new HandWire(undefined, ({ partition }) => (moved ? 7 : partition % 2));
    const producer = new LaneProducer(wire);
    const sends = [0, 1, 2].map((partition) => producer.send('t', record(`${partition}`), { partition }));
    await wire.request(1);
    expect(wire.requests.map(({ leader, writes }) => [leader, writes.length])).toEqual([
      [0, 2],
      [1, 1],
    ]);
    moved = true;
    wire.requests[0]!.answerEach([undefined, 'unavailable']);
    const again = await wire.request(2);
    // Broker 1 still owes its answer, and nobody waits for it.
    expect([again.leader, partitionsOf(again)]).toEqual([7, [2]]);
    again.answer();
    wire.requests[1]!.answer();
    await Promise.all(sends);
  });

  it('adds no further partition to a request that is large already', async () => {
    const wire = new HandWire();
    const producer = new LaneProducer(wire);
    const large = { key: null, value: Buffer.alloc(600_000) };
    const sends = [0, 1, 2, 3].map((partition) => producer.send('t', large, { partition }));
    (await wire.request(0)).answer();
    (await wire.request(1)).answer();
    await Promise.all(sends);
    expect(wire.requests.map(partitionsOf)).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });
});

describe('an answer', () => {
  it('counts for each partition by itself: what failed or was not named goes again, what is there does not', async () => {
    const wire = new HandWire();
    const producer = new LaneProducer(wire);
    const sends = [0, 1, 2, 3].map((partition) => failureOf(producer.send('t', record(`${partition}`), { partition })));
    (await wire.request(0)).answerEach([undefined, 'unavailable', null, 'client']);
    const again = await wire.request(1);
    expect(textsOf(again)).toEqual(['1', '2']);
    again.answer();
    expect((await Promise.all(sends)).map((failure) => failure?.code)).toEqual([
      undefined,
      undefined,
      undefined,
      'client',
    ]);
  });

  it('is never taken for more than it says, whatever fails and moves: an acknowledged record lies where it was said to', async () => {
    const fate = fc.constantFrom('written', 'written', 'refused', 'written, said to be lost', 'not named');
    const plan = fc.record({
      partitions: fc.array(fc.nat(3), { minLength: 1, maxLength: 40 }),
      fates: fc.array(fate, { maxLength: 12 }),
      leaders: fc.array(fc.nat(2), { minLength: 1, maxLength: 10 }),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ partitions, fates, leaders }) => {
        const logs: string[][] = [[], [], [], []];
        let asked = 0;
        const wire: ProduceWire = {
          partitionCount: () => Promise.resolve(4),
          leaderOf: () => leaders[asked++ % leaders.length]!,
          close: () => Promise.resolve(),
          produce: async (_leader, writes) => {
            await turn();
            return writes.map(({ target, records }) => {
              const log = logs[target.partition]!;
              const what = fates.pop() ?? 'written';
              const first = log.length;
              if (what.startsWith('written')) log.push(...records.map(({ value }) => value!.toString()));
              if (what === 'written') return first;
              if (what === 'not named') return undefined as unknown as WriteOutcome;
              return new KafkaError('unavailable', what);
            });
          },
        };
        const producer = new LaneProducer(wire);
        const at = await Promise.all(
          partitions.map((partition, i) => producer.send('t', record(`${i}`), { partition })),
        );
        at.forEach(({ partition, offset }, i) => expect(logs[partition]![offset]).toBe(`${i}`));
        for (let p = 0; p < 4; p++) {
          const offsets = at.filter(({ partition }) => partition === p).map(({ offset }) => offset);
          expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b));
        }
        await producer.close();
      }),
      { numRuns: 40 },
    );
  });
});

describe('a failed request', () => {
  it.each<KafkaErrorCode>(['unavailable', 'unconfirmed'])(
    'is sent again as it was after %s, before what came later',
    async (code) => {
      const wire = new HandWire();
      const producer = new LaneProducer(wire);
      const sends = [producer.send('t', record('a'), { partition: 0 })];
      await turn();
      sends.push(producer.send('t', record('b'), { partition: 0 }));
      (await wire.request(0)).fail(code);
      const again = await wire.request(1);
      expect(textsOf(again)).toEqual(['a', 'b']);
      expect(again.writes[0]!.records[0]).toEqual(wire.requests[0]!.writes[0]!.records[0]);
      again.answer();
      await Promise.all(sends);
    },
  );

  it('holds nobody else back', async () => {
    const wire = new HandWire();
    const producer = new LaneProducer(wire, { maxRequestsInFlight: 1, deliveryTimeoutMs: 300 });
    const stuck = failureOf(producer.send('t', record('a'), { partition: 0 }));
    (await wire.request(0)).fail('unavailable');
    const other = producer.send('t', record('b'), { partition: 1 });
    const next = await wire.request(1);
    expect(partitionsOf(next)).toEqual([1]);
    next.answer();
    await other;
    for (let i = 2; ; i++) {
      const outcome = await Promise.race([stuck, wire.request(i)]);
      if (outcome instanceof KafkaError) break;
      (outcome as Request).fail('unavailable');
    }
    expect((await stuck)?.code).toBe('delivery-timeout');
    expect((await stuck)?.message).toMatch(/300 ms: failed: unavailable/);
  });

  it('reaches its senders when trying again is no use, and the lane goes on', async () => {
    const wire = new HandWire();
    const producer = new LaneProducer(wire);
    const lost = failureOf(producer.send('t', record('a'), { partition: 0 }));
    (await wire.request(0)).fail('client');
    expect((await lost)?.code).toBe('client');
    const next = producer.send('t', record('b'), { partition: 0 });
    (await wire.request(1)).answer();
    expect((await next).offset).toBe(0);
  });

  it('is halved when it is too large, until the one record stands alone', async () => {
    const wire = new HandWire();
    const producer = new LaneProducer(wire);
    const texts = ['a', 'b', 'LARGE', 'd', 'e'];
    const sends = texts.map((text) => failureOf(producer.send('t', record(text), { partition: 0 })));
    const answered = Promise.all(sends);
    for (let i = 0, done = false; !done; i++) {
      const request = await Promise.race([answered, wire.request(i)]);
      if (Array.isArray(request)) done = true;
      else if (textsOf(request).includes('LARGE')) request.fail('record-too-large');
      else request.answer();
    }
    expect((await answered).map((failure) => failure?.code)).toEqual([
      undefined,
      undefined,
      'record-too-large',
      undefined,
      undefined,
    ]);
  });
});

describe('the delivery time limit', () => {
  it('counts while a request gets no answer, and a late answer changes nothing', async () => {
    const wire = new HandWire();
    const producer = new LaneProducer(wire, { deliveryTimeoutMs: 60 });
    const failure = await failureOf(producer.send('t', record('a'), { partition: 0 }));
    expect(failure?.code).toBe('delivery-timeout');
    expect(failure?.canRetry).toBe(true);
    wire.requests[0]!.answer();
    await turn();
    const next = producer.send('t', record('b'), { partition: 0 });
    (await wire.request(1)).answer();
    expect((await next).offset).toBe(1);
  });

  it('counts while the topic is being looked up', async () => {
    const wire = new HandWire(() => Promise.reject(new KafkaError('unavailable', 'nobody there')));
    const producer = new LaneProducer(wire, { deliveryTimeoutMs: 60 });
    const failure = await failureOf(producer.send('t', record('a')));
    expect(failure?.code).toBe('delivery-timeout');
    expect(failure?.message).toMatch(/nobody there/);
  });
});

describe('closing', () => {
  it('waits for what is queued, and closes the wire once', async () => {
    const wire = new HandWire();
    const producer = new LaneProducer(wire);
    const send = producer.send('t', record('a'), { partition: 0 });
    const closing = producer.close();
    expect((await failureOf(producer.send('t', record('b'))))?.code).toBe('closed');
    expect(wire.closed).toBe(false);
    (await wire.request(0)).answer();
    await send;
    await closing;
    expect(wire.closed).toBe(true);
  });

  it('asks a closed wire nothing when an answer comes too late, whatever was queued behind it', async () => {
    let asked = 0;
    const wire: HandWire = new HandWire(undefined, () => (asked++, 0));
    const producer = new LaneProducer(wire, { deliveryTimeoutMs: 60 });
    const sends = ['a', 'b'].map((text) => failureOf(producer.send('t', record(text), { partition: 0 })));
    const first = await wire.request(0);
    const late = failureOf(producer.send('t', record('c'), { partition: 0 }));
    await producer.close();
    expect((await Promise.all([...sends, late])).map((failure) => failure?.code)).toEqual(
      Array(3).fill('delivery-timeout'),
    );
    const before = asked;
    first.answer();
    await turn();
    await turn();
    expect(asked).toBe(before);
  });
});
