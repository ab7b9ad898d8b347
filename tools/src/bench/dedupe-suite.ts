import { readFileSync } from 'node:fs';
import { TOPICS, encodeSeenRecord, idempotencyKey, isMalformed, parseUpdate } from '@onceline/contracts';
import type { Kafka } from '@onceline/kafka';
import type { ServiceProcess } from '../service-process.js';
import { benchUpdate } from './payloads.js';
import { inParallel, withWorkbench, type Suite } from './suite-context.js';

const METHOD =
  'Keys are written to seen through the library; then the dedupe service starts and restores them. Bytes per key are the ' +
  "service's own metric, beside the growth of its resident memory; restore time is start-to-ready less that of a start with an empty topic, " +
  "or the service's own figure for the slowest partition, whichever is larger.";

/** What a remembered key costs, and how long a start with a full memory takes. */
export const dedupeSuite: Suite = ({ quick, say }) =>
  withWorkbench({ services: [], onProgress: say }, async ({ system, kafka }) => {
    const keys = quick ? 20_000 : 1_000_000;
    const empty = await observe(
      () => system.addInstance('dedupe'),
      (service) => system.removeInstance(service),
    );
    const writtenIn = await writeKeys(kafka, keys);
    say(`${keys} keys written in ${writtenIn.toFixed(1)} s`);
    const full = await observe(
      () => system.addInstance('dedupe'),
      (service) => system.removeInstance(service),
    );
    if (full.keys !== keys) throw new Error(`dedupe says it holds ${full.keys} keys, ${keys} were written`);
    const figures = {
      keys,
      bytes_per_key: full.bytes / full.keys,
      // Seen from outside, so that neither waiting nor a sequence of partitions is left out.
      restore_seconds: Math.max(full.startSeconds - empty.startSeconds, full.slowestPartitionSeconds),
      slowest_partition_restore_seconds: full.slowestPartitionSeconds,
      start_to_ready_seconds: full.startSeconds,
      empty_start_to_ready_seconds: empty.startSeconds,
      resident_bytes_per_key_more: (full.residentBytes - empty.residentBytes) / keys,
    };
    return { suite: 'dedupe', figures, targets: TARGETS, method: METHOD, quick };
  });

const TARGETS = [
  { figure: 'bytes_per_key', op: '<=', value: 40 },
  { figure: 'restore_seconds', op: '<=', value: 5 },
] as const;

interface Observation {
  readonly keys: number;
  readonly bytes: number;
  readonly slowestPartitionSeconds: number;
  readonly startSeconds: number;
  readonly residentBytes: number;
}

async function observe(
  start: () => Promise<ServiceProcess>,
  stop: (service: ServiceProcess) => Promise<void>,
): Promise<Observation> {
  const startedAt = performance.now();
  const service = await start();
  const startSeconds = (performance.now() - startedAt) / 1000;
  try {
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    return {
      keys: Math.max(...valuesOf(metrics, 'onceline_dedupe_keys_held')),
      bytes: Math.max(...valuesOf(metrics, 'onceline_dedupe_state_bytes')),
      // One value for each partition; they restore side by side.
      slowestPartitionSeconds: Math.max(...valuesOf(metrics, 'onceline_dedupe_restore_seconds')),
      startSeconds,
      residentBytes: residentBytes(service.pid ?? 0),
    };
  } finally {
    await stop(service);
  }
}

/** The values of all series of one metric. */
function valuesOf(metrics: string, name: string): number[] {
  const lines = metrics.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  if (lines.length === 0) throw new Error(`dedupe does not publish ${name}`);
  return lines.map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
}

export function residentBytes(pid: number): number {
  const kibibytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kibibytes) * 1024;
}

async function writeKeys(kafka: Kafka, count: number): Promise<number> {
  const startedAt = performance.now();
  const producer = await kafka.producer();
  const partitions = (await kafka.admin.offsets(TOPICS.seen)).length;
  const now = Date.now();
  await inParallel(count, 5000, (n) => {
    const update = parseUpdate(benchUpdate(n));
    if (isMalformed(update)) throw new Error(update.malformed);
    const value = encodeSeenRecord({
      payloadHash: n.toString(16).padStart(16, '0'),
      firstOffset: Math.floor(n / partitions),
      firstSeenAt: now,
    });
    return producer.send(TOPICS.seen, { key: idempotencyKey('1000001', update), value }, { partition: n % partitions });
  });
  await producer.close();
  return (performance.now() - startedAt) / 1000;
}
