import { HEADERS, OUTCOMES } from '@onceline/contracts';
import type { ConsumerHandle } from '@onceline/kafka';
import { classifyFailure, FAILURE_HEADER_NAMES } from '@onceline/retry-policy';
import { sampledTraceId, TracedHistogram, type MetricsRegistry } from '@onceline/service-kit';
import { Counter, Gauge, Histogram } from 'prom-client';
import { IGNORED_REASONS } from './intake/ignored-reasons.js';
import { FAILURE_CODES } from './intake/update-failure.js';
import type { BatchReport } from './handle-updates.js';
import type { Happening } from './outbox/source.js';
import type { Settlement } from './store/plan-batch.js';
import type { TracedUpdate } from './store/traced-update.js';

/** Sources that the relay publishes from. */
export const OUTBOX_SOURCES = ['events', 'outbox'] as const;
export type OutboxSourceName = (typeof OUTBOX_SOURCES)[number];

/** What can fail by itself: an update, a batch of them, what is published and what is measured. */
export const WORK = ['handling', 'settling', 'publishing', 'measuring', 'policies', 'timers', 'live'] as const;
export type Work = (typeof WORK)[number];

const BREAKERS = ['database', 'dead-letters'] as const;
const BREAKER_STATES = ['closed', 'half-open', 'open'] as const;
type BreakerStateName = (typeof BREAKER_STATES)[number];

type Registers = { registers: MetricsRegistry[] };

/** What ticketing counts. Every label is there at 0 from the start, so that an alert can tell "none" from "not asked". */
export class TicketingMetrics {
  private readonly outcomes;
  private readonly ignored;
  private readonly deadLetters;
  private readonly repeated;
  private readonly batchRecords;
  private readonly batchSeconds;
  private readonly latency;
  private readonly eventLatency;
  private readonly duplicates;
  private readonly malformedDuplicates;
  private readonly published;
  private readonly paused;
  private readonly retries;
  private readonly unknownFailures;
  private readonly stale;
  private readonly distrusted;
  private readonly attempts;
  private readonly refused;
  private readonly breakers;

  constructor(private readonly registry: MetricsRegistry) {
    const registers = [registry];
    this.outcomes = counter('updates_settled', 'Updates by their recorded outcome.', 'outcome', { registers });
    this.ignored = counter('updates_ignored', 'Ignored updates by reason.', 'reason', { registers });
    this.deadLetters = counter('dead_letters', 'Updates given up, by cause and class.', ['code', 'class'], {
      registers,
    });
    this.retries = counter('retries', 'Tries that failed and will be repeated, by cause.', 'code', { registers });
    this.unknownFailures = counter('unknown_failures', 'Failures that no rule knows, by what failed.', 'work', {
      registers,
    });
    this.stale = counter('redeliveries_stale', 'Redeliveries that nobody waited for.', '', { registers });
    this.distrusted = counter('headers_distrusted', 'Headers of redeliveries that were not believed.', 'header', {
      registers,
    });
    this.refused = counter('outbox_refused', 'Records that Kafka can never take, set aside.', 'source', { registers });
    this.breakers = gauge('breaker_state', '0 closed, 1 half-open, 2 open.', 'breaker', { registers });
    this.attempts = histogram('attempts', 'Tries until an update had its outcome.', [1, 2, 3, 4, 5, 6, 8, 10, 15, 20], {
      registers,
    });
    this.repeated = counter('updates_settled_before', 'Records whose update had its outcome before.', '', {
      registers,
    });
    this.duplicates = counter('duplicates_recorded', 'Refused copies recorded.', '', { registers });
    this.malformedDuplicates = counter(
      'duplicates_malformed',
      'Duplicate records set aside: not readable, or refused by the database.',
      '',
      {
        registers,
      },
    );
    this.published = counter('records_published', 'Records published, by source.', 'source', { registers });
    this.paused = gauge('consumer_paused', '1 while consumption waits for the database.', '', { registers });
    this.batchRecords = histogram(
      'batch_records',
      'Records in one transaction.',
      [1, 3, 10, 30, 100, 300, 1000, 3000],
      { registers },
    );
    this.batchSeconds = histogram('batch_seconds', 'Time to settle a batch.', SECONDS, { registers });
    const latency = (name: string, help: string) =>
      new TracedHistogram(registry, { name: `${NAMESPACE}${name}_latency_seconds`, help, buckets: LATENCY_SECONDS });
    this.latency = latency('update', 'From receiving an update to the commit of its outcome.');
    this.eventLatency = latency('event', 'From receiving what an event tells of to its place in tickets.events.');
    this.startAtZero();
  }

  settled({ updates, settlements, seconds }: BatchReport): void {
    this.batchRecords.observe(updates.length);
    this.batchSeconds.observe(seconds);
    this.paused.set(0);
    const settled = new Set(settlements.map(({ update }) => update.idempotencyKey));
    for (const { idempotencyKey, delivery } of updates) {
      if (!settled.has(idempotencyKey)) (delivery.type === 'first' ? this.repeated : this.stale).inc();
      if (delivery.type === 'again') for (const header of delivery.distrusted) this.distrusted.inc({ header });
    }
    const now = Date.now();
    for (const settlement of settlements) this.outcome(settlement, now);
  }

  private outcome({ update, outcome, reason, failure, attempts }: Settlement, now: number): void {
    this.outcomes.inc({ outcome });
    if (failure && !failure.known) this.unknownFailures.inc({ work: 'handling' });
    if (isAnotherTry(update, attempts)) this.distrusted.inc({ header: HEADERS.attempt });
    if (outcome === 'parked') {
      if (failure) this.retries.inc({ code: failure.code });
      return;
    }
    if (outcome === 'ignored' && reason !== null) this.ignored.inc({ reason });
    if (failure) this.deadLetters.inc({ code: failure.code, class: 'pipeline' });
    this.attempts.observe(attempts);
    this.latency.observe(secondsSince(Date.parse(update.receivedAt), now), sampledTraceId(update.traceparent));
  }

  outboxRefused(source: OutboxSourceName): void {
    this.refused.inc({ source });
  }

  breakerChanged(breaker: (typeof BREAKERS)[number], state: BreakerStateName): void {
    this.breakers.set({ breaker }, BREAKER_STATES.indexOf(state));
  }

  consumerPaused(error: unknown): void {
    this.paused.set(1);
    this.failed('settling', error);
  }

  /** Work that is repeated until it succeeds: what no rule knows is worth an alert, for it may never. */
  failed(work: Work, error: unknown): void {
    if (!classifyFailure(error).known) this.unknownFailures.inc({ work });
  }

  duplicatesRecorded(recorded: number, malformed: number): void {
    this.duplicates.inc(recorded);
    this.malformedDuplicates.inc(malformed);
  }

  recordsPublished(source: OutboxSourceName, count: number, happenings: readonly Happening[]): void {
    this.published.inc({ source }, count);
    const now = Date.now();
    for (const { at, traceparent } of happenings) {
      this.eventLatency.observe(secondsSince(at, now), sampledTraceId(traceparent));
    }
  }

  /** Lag is read from the consumer whenever the metrics are asked for. */
  watchConsumer(consumer: Pick<ConsumerHandle, 'assignment'>): void {
    new Gauge({
      name: 'onceline_ticketing_consumer_lag_records',
      help: 'Records behind the log end.',
      labelNames: ['topic', 'partition'] as const,
      registers: [this.registry],
      collect() {
        this.reset();
        for (const { topic, partition, lag } of consumer.assignment()) this.set({ topic, partition }, lag);
      },
    });
  }

  private startAtZero(): void {
    for (const outcome of OUTCOMES) this.outcomes.inc({ outcome }, 0);
    for (const reason of IGNORED_REASONS) this.ignored.inc({ reason }, 0);
    for (const code of FAILURE_CODES) {
      this.deadLetters.inc({ code, class: 'pipeline' }, 0);
      this.retries.inc({ code }, 0);
    }
    for (const work of WORK) this.unknownFailures.inc({ work }, 0);
    for (const header of FAILURE_HEADER_NAMES) this.distrusted.inc({ header }, 0);
    for (const breaker of BREAKERS) this.breakerChanged(breaker, 'closed');
    for (const source of OUTBOX_SOURCES) {
      this.published.inc({ source }, 0);
      this.refused.inc({ source }, 0);
    }
  }
}

/** A number of tries that can be read, and yet is not the one that was waited for. */
function isAnotherTry({ delivery }: TracedUpdate, attempts: number): boolean {
  if (delivery.type === 'first' || attempts === 0 || delivery.distrusted.includes(HEADERS.attempt)) return false;
  return delivery.attempt !== attempts - 1;
}

/** The clocks of two machines may differ. */
function secondsSince(time: number, now: number): number {
  return Math.max(0, now - time) / 1000;
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
/** A ladder's last tries come after hours. */
const LATENCY_SECONDS = [...SECONDS, 900, 3600, 21_600];
const NAMESPACE = 'onceline_ticketing_';

function counter(name: string, help: string, labels: string | readonly string[], registers: Registers) {
  const labelNames = [labels].flat().filter((label) => label !== '');
  return new Counter({ name: `${NAMESPACE}${name}_total`, help, labelNames, ...registers });
}

function gauge(name: string, help: string, label: string, registers: Registers) {
  return new Gauge({ name: `${NAMESPACE}${name}`, help, labelNames: label === '' ? [] : [label], ...registers });
}

function histogram(name: string, help: string, buckets: number[], registers: Registers) {
  return new Histogram({ name: `${NAMESPACE}${name}`, help, buckets, ...registers });
}
