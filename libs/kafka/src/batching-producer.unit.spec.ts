import { LaneProducer } from './batching-producer.js';
import { KafkaError, type KafkaErrorCode } from './errors.js';
import type { ProduceWire, StampedRecord, TopicPartition } from './wire.js';

interface Request {
  readonly target: TopicPartition;
  readonly records: readonly StampedRecord[];
  answer(): void;
  fail(code: KafkaErrorCode): void;
}

/** A wire whose every answer the test gives by hand. */
class HandWire implements ProduceWire {
  readonly requests: Request[] = [];
  closed = false;
  private readonly waiting: { index: number; resolve: (request: Request) => void }[] = [];
  private readonly written = new Map<string, number>();

  constructor(readonly partitionCount: (topic: string) => Promise<number> = () => Promise.resolve(4)) {}

  produce(target: TopicPartition, records: readonly StampedRecord[]): Promise<number> {
    return new Promise((resolve, reject) => {
      const key = `${target.topic}/${target.partition}`;
      this.requests.push({
        target,
        records,
        answer: () => {
          const first = this.written.get(key) ?? 0;
          this.written.set(key, first + records.length);
          resolve(first);
        },
        fail: (code) => reject(new KafkaError(code, `failed: ${code}`)),
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
}

const record = (text: string) => ({ key: null, value: Buffer.from(text) });
const textsOf = ({ records }: Request) => records.map(({ value }) => value!.toString());
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

  it('keeps several partitions on the wire, never more than allowed, never two of one partition', async () => {
    const wire = new HandWire();
    const producer = new LaneProducer(wire, { maxRequestsInFlight: 2 });
    const sends = [0, 0, 1, 2].map((partition) => producer.send('t', record(`${partition}`), { partition }));
    await turn();
    expect(wire.requests.map(({ target }) => target.partition)).toEqual([0, 1]);
    wire.requests[1]!.answer();
    await turn();
    // Partition 0 has waited longer than 2, but its first batch is still out.
    expect(wire.requests.map(({ target }) => target.partition)).toEqual([0, 1, 2]);
    wire.requests[0]!.answer();
    wire.requests[2]!.answer();
    await turn();
    wire.requests[3]!.answer();
    await Promise.all(sends);
    expect(wire.requests.length).toBe(4);
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
      expect(again.records[0]).toEqual(wire.requests[0]!.records[0]);
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
    expect(next.target.partition).toBe(1);
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
});
