import { setTimeout as sleep } from 'node:timers/promises';
import { idempotencyKey, isMalformed, parseUpdate } from '@onceline/contracts';
import { rawRecord } from '@onceline/testing';
import { Client } from 'pg';
import { HttpLane } from './http-lane.js';
import { benchUpdate, webhookRequest } from './payloads.js';
import { quantile } from './statistics.js';
import { createTopicsLikeRaw, withWorkbench, type Suite, type Workbench } from './suite-context.js';

const METHOD =
  'Open loop at 100 updates/s: each update is due at a fixed time and is timed from then on, sent or not, until a listener of this process ' +
  'hears of its ledger row, which PostgreSQL announces after the commit. Floors in the same run, at the same pace, half before and half after: ' +
  'one produce with acks=all to a topic like raw, one insert of a small row with fsync. The target compares p99 with 2 x p99 of a produce + p99 of a commit.';

const RATE = 100;
const FLOOR_TOPIC = 'bench.floor';
const LANES = 32;

/** Webhook to committed ticket, beside the two round trips and the commit that no design can do without. */
export const latencySuite: Suite = ({ quick, say }) =>
  withWorkbench({ onProgress: say }, async (bench) => {
    const seconds = quick ? 3 : 60;
    const floorSamples = quick ? 100 : 1000;
    await createTopicsLikeRaw(bench.kafka, [FLOOR_TOPIC]);
    await bench.database.query('create table floor (id serial primary key, note text not null)');
    const warmUp = await openLoop(bench, { first: 0, count: quick ? 100 : 1000 });
    say(`warm-up: ${warmUp.length} updates, p50 ${quantile(warmUp, 0.5).toFixed(1)} ms`);
    const floors = { produce: [] as number[], commit: [] as number[] };
    await measureFloors(bench, floors, floorSamples);
    const latencies = await openLoop(bench, { first: 10_000, count: seconds * RATE });
    await measureFloors(bench, floors, floorSamples);
    const figures = { ...figuresOf(latencies, floors), updates: latencies.length };
    return { suite: 'latency', figures, targets: TARGETS, method: METHOD, quick };
  });

const TARGETS = [{ figure: 'p99_ratio', op: '<=', value: 3 }] as const;

function figuresOf(
  latencies: readonly number[],
  floors: { produce: number[]; commit: number[] },
): Record<string, number> {
  const floorSum = (share: number) => 2 * quantile(floors.produce, share) + quantile(floors.commit, share);
  return {
    p50_ms: quantile(latencies, 0.5),
    p99_ms: quantile(latencies, 0.99),
    p999_ms: quantile(latencies, 0.999),
    floor_produce_p50_ms: quantile(floors.produce, 0.5),
    floor_produce_p99_ms: quantile(floors.produce, 0.99),
    floor_commit_p50_ms: quantile(floors.commit, 0.5),
    floor_commit_p99_ms: quantile(floors.commit, 0.99),
    floor_sum_p50_ms: floorSum(0.5),
    floor_sum_p99_ms: floorSum(0.99),
    p50_ratio: quantile(latencies, 0.5) / floorSum(0.5),
    p99_ratio: quantile(latencies, 0.99) / floorSum(0.99),
  };
}

/** Calls `send` when each number is due, without waiting for earlier ones. Resolves once all have settled. */
async function atPace(count: number, send: (n: number, due: number) => Promise<void>): Promise<void> {
  const startAt = performance.now() + 50;
  const sent: Promise<void>[] = [];
  for (let n = 0; n < count; n += 1) {
    const due = startAt + (n * 1000) / RATE;
    const early = due - performance.now();
    if (early > 0) await sleep(early);
    sent.push(send(n, due));
  }
  await Promise.all(sent);
}

async function openLoop({ system }: Workbench, load: { first: number; count: number }): Promise<number[]> {
  const { ingress, bots, database } = system.access();
  const bot = bots[0] ?? { id: '', secret: '' };
  const { hostname, port, host } = new URL(ingress);
  const lanes = await Promise.all(Array.from({ length: LANES }, () => HttpLane.open(hostname, Number(port))));
  const ear = await CommitListener.open(database);
  const latencies: number[] = [];
  const waiting: ((lane: HttpLane) => void)[] = [];
  const free = [...lanes];
  const lend = () =>
    new Promise<HttpLane>((resolve) => {
      const lane = free.pop();
      if (lane) resolve(lane);
      else waiting.push(resolve);
    });
  const giveBack = (lane: HttpLane) => (waiting.shift() ?? ((idle) => void free.push(idle)))(lane);
  try {
    await atPace(load.count, async (n, due) => {
      const bytes = benchUpdate(load.first + n);
      const committed = ear.heard(keyOf(bot.id, bytes));
      const lane = await lend();
      const status = await lane.send(webhookRequest({ host, path: `/telegram/${bot.id}`, secret: bot.secret }, bytes));
      giveBack(lane);
      if (status !== 200) throw new Error(`the ingress answered ${status}`);
      latencies.push((await committed) - due);
    });
    return latencies;
  } finally {
    lanes.forEach((lane) => lane.close());
    await ear.close();
  }
}

function keyOf(botId: string, bytes: Buffer): string {
  const update = parseUpdate(bytes);
  if (isMalformed(update)) throw new Error(update.malformed);
  return idempotencyKey(botId, update);
}

/** Hears of ledger rows once they are committed, through a trigger that exists only while this bench runs. */
class CommitListener {
  private readonly expected = new Map<string, (at: number) => void>();

  private constructor(private readonly client: Client) {
    client.on('notification', ({ payload = '' }) => {
      this.expected.get(payload)?.(performance.now());
      this.expected.delete(payload);
    });
  }

  static async open(url: string): Promise<CommitListener> {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query(`create or replace function bench_settled() returns trigger language plpgsql as
      $$ begin perform pg_notify('bench_settled', new.idempotency_key); return null; end $$`);
    await client.query(`create or replace trigger bench_settled after insert on ticketing.ledger
      for each row execute function bench_settled()`);
    await client.query('listen bench_settled');
    return new CommitListener(client);
  }

  /** When the row of this key was heard of; rejects after a minute. */
  heard(key: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no ledger row of ${key} within 60 s`)), 60_000);
      this.expected.set(key, (at) => {
        clearTimeout(late);
        resolve(at);
      });
    });
  }

  async close(): Promise<void> {
    await this.client.query('drop trigger bench_settled on ticketing.ledger');
    await this.client.end();
  }
}

async function measureFloors(
  { kafka, database }: Workbench,
  floors: { produce: number[]; commit: number[] },
  samples: number,
): Promise<void> {
  const producer = await kafka.producer();
  await oneAtATime(samples, floors.produce, (n) => producer.send(FLOOR_TOPIC, rawRecord('1000001', benchUpdate(n))));
  await producer.close();
  await oneAtATime(samples, floors.commit, (n) =>
    database.query('insert into floor (note) values ($1)', [`note ${n}`]),
  );
}

/** The pace of the load, but never two at once: a floor has no queue. */
async function oneAtATime(count: number, into: number[], act: (n: number) => Promise<unknown>): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    const startedAt = performance.now();
    await act(n);
    const took = performance.now() - startedAt;
    into.push(took);
    await sleep(Math.max(0, 1000 / RATE - took));
  }
}
