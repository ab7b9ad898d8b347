import { HEADERS } from '@onceline/contracts';
import type { ConsumedRecord, ConsumerHandle, Kafka } from '@onceline/kafka';
import { benchUpdate } from './payloads.js';
import { inParallel } from './suite-context.js';

const RUN = 'bench-run';

/** Records that wait on one rung, due one after the other at a steady rate, in an order that jitter has disturbed. */
export interface Waiting {
  readonly run: string;
  readonly topic: string;
  readonly count: number;
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly perSecond: number;
  /** The time for writing all of them before the first is due. */
  readonly leadMs: number;
}

/** Milliseconds since the epoch; the due times without jitter. */
export interface WaitingTimes {
  readonly written: number;
  readonly firstDue: number;
  readonly lastDue: number;
}

/** Writes them as if ticketing had, one after the other, in the past. */
export async function writeWaiting(kafka: Kafka, waiting: Waiting): Promise<WaitingTimes> {
  const { topic, count, delayMs, perSecond, leadMs } = waiting;
  const firstDue = Date.now() + leadMs;
  const lastDue = firstDue + (count * 1000) / perSecond;
  if (lastDue - delayMs > firstDue) throw new Error(`${count} records at ${perSecond}/s cannot all have failed by now`);
  const partitions = (await kafka.admin.offsets(topic)).length;
  const producer = await kafka.producer();
  await inParallel(count, 5000, (n) => {
    const failedAt = Math.floor(firstDue - delayMs + (n * 1000) / perSecond);
    const record = { key: `chat ${n}`, value: benchUpdate(n), headers: headersOf(waiting, n, failedAt) };
    return producer.send(topic, { ...record, timestamp: failedAt }, { partition: n % partitions });
  });
  await producer.close();
  const written = Date.now();
  if (written > firstDue) throw new Error(`writing took longer than the ${leadMs} ms until the first was due`);
  return { written, firstDue, lastDue };
}

function headersOf({ run, topic, delayMs, jitterMs }: Waiting, n: number, failedAt: number): Record<string, string> {
  return {
    [RUN]: run,
    [HEADERS.idempotencyKey]: `${run}:${n}`,
    [HEADERS.attempt]: '1',
    [HEADERS.dueAt]: String(failedAt + delayMs + Math.floor(Math.random() * jitterMs)),
    [HEADERS.retriedAt]: String(failedAt),
    [HEADERS.firstFailedAt]: new Date(failedAt).toISOString(),
    [HEADERS.consumer]: topic.split('.')[0] ?? '',
    [HEADERS.failureKind]: 'transient',
    [HEADERS.failureCode]: 'bench',
    [HEADERS.failureMessage]: 'waits to be measured',
    [HEADERS.traceparent]: `00-${String(n).padStart(32, '1')}-${String(n).padStart(16, '1')}-01`,
  };
}

/** What a run came to. */
export interface Arrived {
  /** Milliseconds from due time to arrival here, one for each record. */
  readonly lateMs: readonly number[];
  /** Records that went on before they were due, by the time that the sender put on them or that of their arrival. */
  readonly early: number;
  /** Records that came more than once. */
  readonly copies: number;
}

/** Listens to a topic as the consumer behind it would, and takes the time. */
export class DueListener {
  private readonly lateMs = new Map<string, number>();
  private early = 0;
  private copies = 0;
  private consumer: ConsumerHandle | undefined;

  private constructor(private readonly run: string) {}

  static async open(kafka: Kafka, topic: string, run: string): Promise<DueListener> {
    const listener = new DueListener(run);
    let failure: unknown;
    listener.consumer = await kafka.consume({
      groupId: `bench-${run}`,
      topics: [topic],
      handle: async (batches) => {
        const now = Date.now();
        for (const { records } of batches) for (const record of records) listener.take(record, now);
        return { settle: 'commit' };
      },
      onFailure: (error) => (failure = error),
    });
    if (failure !== undefined) throw failure as Error;
    return listener;
  }

  get count(): number {
    return this.lateMs.size;
  }

  /** Waits for so many different records. */
  async arrivals(count: number, deadline: number): Promise<Arrived> {
    while (this.count < count) {
      if (Date.now() > deadline)
        throw new Error(`${this.run}: only ${this.count} of ${count} records came back in time`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await this.consumer?.stop();
    return { lateMs: [...this.lateMs.values()], early: this.early, copies: this.copies };
  }

  private take({ headers, timestamp }: ConsumedRecord, now: number): void {
    if (headers[RUN] !== this.run) return;
    const key = headers[HEADERS.idempotencyKey] ?? '';
    const due = Number(headers[HEADERS.dueAt]);
    if (Math.min(timestamp, now) < due) this.early += 1;
    if (this.lateMs.has(key)) this.copies += 1;
    else this.lateMs.set(key, now - due);
  }
}
