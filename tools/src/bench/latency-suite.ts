import { setTimeout as sleep } from 'node:timers/promises';
import { rawRecord } from '@onceline/testing';
import { cpuPerUpdate, cpuTimes } from './cpu-time.js';
import { timeToLedger } from './open-loop.js';
import { benchUpdate } from './payloads.js';
import { quantile } from './statistics.js';
import { createTopicsLikeRaw, withWorkbench, type Suite, type Workbench } from './suite-context.js';

const METHOD =
  'Open loop at 100 updates/s: each update is due at a fixed time and is timed from then on, sent or not, until a listener of this process ' +
  'hears of its ledger row, which PostgreSQL announces after the commit. Floors in the same run, at the same pace, half before and half after: ' +
  'one produce with acks=all to a topic like raw, one insert of a small row with fsync. The target compares p99 with 2 x p99 of a produce + p99 of a commit. ' +
  'CPU: what each process used between the first update and the last, for each update (Linux only); the sender is this process.';

const RATE = 100;
const FLOOR_TOPIC = 'bench.floor';

/** Webhook to committed ticket, beside the two round trips and the commit that no design can do without. */
export const latencySuite: Suite = ({ quick, say }) =>
  withWorkbench({ onProgress: say }, async (bench) => {
    const seconds = quick ? 3 : 60;
    const floorSamples = quick ? 100 : 1000;
    await createTopicsLikeRaw(bench.kafka, [FLOOR_TOPIC]);
    await bench.database.query('create table floor (id serial primary key, note text not null)');
    const warmUp = await sendFrom(bench, 0, quick ? 100 : 1000);
    say(`warm-up: ${warmUp.length} updates, p50 ${quantile(warmUp, 0.5).toFixed(1)} ms`);
    const floors = { produce: [] as number[], commit: [] as number[] };
    await measureFloors(bench, floors, floorSamples);
    const before = cpuTimes(bench.system);
    const latencies = await sendFrom(bench, 10_000, seconds * RATE);
    const cpu = cpuPerUpdate(before, cpuTimes(bench.system), latencies.length);
    await measureFloors(bench, floors, floorSamples);
    const figures = { ...figuresOf(latencies, floors), updates: latencies.length, ...cpu };
    return { suite: 'latency', figures, targets: TARGETS, method: METHOD, quick };
  });

const sendFrom = ({ system }: Workbench, first: number, count: number) =>
  timeToLedger(system.access(), { perSecond: RATE, count, update: (n) => benchUpdate(first + n) });

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
