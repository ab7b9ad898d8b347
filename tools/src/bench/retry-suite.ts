import { TOPICS, retryTopicName } from '@onceline/contracts';
import { residentBytes } from './dedupe-suite.js';
import { quantile } from './statistics.js';
import { createTopicsLikeRaw, withWorkbench, type Suite, type Workbench } from './suite-context.js';
import { TwinProcess } from './twin-process.js';
import { DueListener, writeWaiting, type Arrived, type Waiting, type WaitingTimes } from './waiting-records.js';

const METHOD =
  'Records lie in a retry topic before the first is due, as if they had failed at a steady rate; then as many fall due in each second. Late: from the ' +
  'due time in the header until a consumer in this process has the record. Early: by the time that the sender put on it, or that of its arrival. Few and many wait on ' +
  'different rungs with the same rate and the same jitter in milliseconds, so that only the number waiting differs; each has a retry process of its own. ' +
  'Resident memory: the most while all wait; its peak counts what the garbage collector leaves lying while they go on, too. Twin: the same records, rate and client, but each partition waits for its first record.';

const RUNGS = { few: 30_000, many: 120_000 };
const JITTER_MS = 3000;
const PER_SECOND = 1000;
const LEAD_MS = 20_000;
/** What a record may be late before the run counts as failed. */
const PATIENCE_MS = 60_000;
const SAMPLE_EVERY_MS = 200;
const TWIN = { topic: 'bench.retry', target: 'bench.redelivery' };

/** How late and how early records leave the holding room, and what the number waiting costs. */
export const retrySuite: Suite = ({ quick, say }) =>
  withWorkbench({ services: [], environment: { TICKETING_RETRY_RUNGS: '30s,2m' }, onProgress: say }, async (bench) => {
    await createTopicsLikeRaw(bench.kafka, Object.values(TWIN));
    const counts = quick ? { few: 500, many: 5000 } : { few: 10_000, many: 100_000 };
    const few = await measureOurs(bench, waiting('few', counts.few));
    say(told(few));
    const many = await measureOurs(bench, waiting('many', counts.many));
    say(told(many));
    const twin = await measureTwin(bench, { ...waiting('many', counts.many), run: 'twin', topic: TWIN.topic });
    const figures = {
      waiting: counts.many,
      ...lateness('', many),
      early: few.early + many.early,
      copies: few.copies + many.copies,
      ...lateness('twin_', twin),
      p99_ratio_to_twin: quantile(twin.lateMs, 0.99) / quantile(many.lateMs, 0.99),
      waiting_few: counts.few,
      resident_mib_few: mebibytes(few.waitingBytes),
      resident_mib: mebibytes(many.waitingBytes),
      resident_ratio: many.waitingBytes / few.waitingBytes,
      resident_bytes_per_record_more: (many.waitingBytes - few.waitingBytes) / (counts.many - counts.few),
      resident_peak_mib_few: mebibytes(few.peakBytes),
      resident_peak_mib: mebibytes(many.peakBytes),
    };
    return { suite: 'retry', figures, targets: TARGETS, method: METHOD, quick };
  });

const TARGETS = [
  { figure: 'lateness_p99_ms', op: '<=', value: 100 },
  { figure: 'early', op: '<=', value: 0 },
  { figure: 'resident_ratio', op: '<=', value: 1.2 },
] as const;

function waiting(run: keyof typeof RUNGS, count: number): Waiting {
  const delayMs = RUNGS[run];
  const topic = retryTopicName('ticketing', delayMs);
  return { run, topic, count, delayMs, jitterMs: JITTER_MS, perSecond: PER_SECOND, leadMs: LEAD_MS };
}

interface Measured extends Arrived {
  /** Resident memory at most while all wait. */
  readonly waitingBytes: number;
  /** Resident memory at most, the time in which they go on included. */
  readonly peakBytes: number;
}

async function measureOurs({ system, kafka }: Workbench, records: Waiting): Promise<Measured> {
  const service = await system.addInstance('retry');
  const samples: { readonly at: number; readonly bytes: number }[] = [];
  const sampling = setInterval(
    () => samples.push({ at: Date.now(), bytes: residentBytes(service.pid ?? 0) }),
    SAMPLE_EVERY_MS,
  );
  try {
    const { arrived, times } = await holdAndListen({ kafka }, records, TOPICS.ticketingRedelivery);
    const whileAllWait = samples.filter(({ at }) => at >= times.written && at < times.firstDue);
    return { ...arrived, waitingBytes: mostOf(whileAllWait), peakBytes: mostOf(samples) };
  } finally {
    clearInterval(sampling);
    await system.removeInstance(service);
  }
}

/** NaN, which misses every target, when nothing was sampled. */
function mostOf(samples: readonly { readonly bytes: number }[]): number {
  return samples.length === 0 ? Number.NaN : Math.max(...samples.map(({ bytes }) => bytes));
}

async function measureTwin({ system, kafka }: Workbench, records: Waiting): Promise<Arrived> {
  const twin = await TwinProcess.start('head-waiter', {
    KAFKA_BROKERS: system.stack.kafka.brokers.join(','),
    TWIN_TOPICS: `${TWIN.topic},${TWIN.target}`,
  });
  try {
    return (await holdAndListen({ kafka }, records, TWIN.target)).arrived;
  } finally {
    await twin.stop();
  }
}

async function holdAndListen(
  { kafka }: Pick<Workbench, 'kafka'>,
  records: Waiting,
  target: string,
): Promise<{ arrived: Arrived; times: WaitingTimes }> {
  const listener = await DueListener.open(kafka, target, records.run);
  const times = await writeWaiting(kafka, records);
  return { arrived: await listener.arrivals(records.count, times.lastDue + JITTER_MS + PATIENCE_MS), times };
}

function told({ lateMs, waitingBytes }: Measured): string {
  return `${lateMs.length} waiting: p99 ${quantile(lateMs, 0.99)} ms late, ${mebibytes(waitingBytes)} MiB resident`;
}

function lateness(of: string, { lateMs }: Arrived): Record<string, number> {
  return {
    [`${of}lateness_p50_ms`]: quantile(lateMs, 0.5),
    [`${of}lateness_p99_ms`]: quantile(lateMs, 0.99),
    [`${of}lateness_max_ms`]: quantile(lateMs, 1),
  };
}

function mebibytes(bytes: number): number {
  return Math.round((bytes / 2 ** 20) * 10) / 10;
}
