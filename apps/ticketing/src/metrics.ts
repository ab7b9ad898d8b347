import { OUTCOMES } from '@onceline/contracts';
import type { ConsumerHandle } from '@onceline/kafka';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { IGNORED_REASONS } from './intake/ignored-reasons.js';
import { PERMANENT_FAILURE_CODES } from './intake/to-command.js';
import type { Settlement } from './store/plan-batch.js';

/** Sources that the relay publishes from. */
export const OUTBOX_SOURCES = ['events', 'outbox'] as const;
export type OutboxSourceName = (typeof OUTBOX_SOURCES)[number];

type Registers = { registers: Registry[] };

/** What ticketing counts. Every label is there at 0 from the start, so that an alert can tell "none" from "not asked". */
export class TicketingMetrics {
  private readonly outcomes;
  private readonly ignored;
  private readonly deadLetters;
  private readonly repeated;
  private readonly batchRecords;
  private readonly batchSeconds;
  private readonly latency;
  private readonly duplicates;
  private readonly malformedDuplicates;
  private readonly published;
  private readonly backlog;
  private readonly oldest;
  private readonly paused;

  constructor(private readonly registry: Registry) {
    const registers = [registry];
    this.outcomes = counter('updates_settled', 'Updates by their recorded outcome.', 'outcome', { registers });
    this.ignored = counter('updates_ignored', 'Ignored updates by reason.', 'reason', { registers });
    this.deadLetters = counter('dead_letters', 'Updates that no handler can take, by cause.', 'code', { registers });
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
    this.backlog = gauge(
      'outbox_backlog_records',
      'Committed records not yet published (capped at 100000).',
      'source',
      { registers },
    );
    this.oldest = gauge('outbox_oldest_seconds', 'Age of the oldest committed record not yet published.', 'source', {
      registers,
    });
    this.paused = gauge('consumer_paused', '1 while consumption waits for the database.', '', { registers });
    this.batchRecords = histogram(
      'batch_records',
      'Records in one transaction.',
      [1, 3, 10, 30, 100, 300, 1000, 3000],
      { registers },
    );
    this.batchSeconds = histogram('batch_seconds', 'Time to settle a batch.', SECONDS, { registers });
    this.latency = histogram(
      'update_latency_seconds',
      'From receiving an update to the commit of its outcome.',
      SECONDS,
      { registers },
    );
    this.startAtZero();
  }

  settled(records: number, settlements: readonly Settlement[], seconds: number): void {
    this.batchRecords.observe(records);
    this.batchSeconds.observe(seconds);
    this.paused.set(0);
    this.repeated.inc(records - settlements.length);
    const now = Date.now();
    for (const { update, outcome, reason, failure } of settlements) {
      this.outcomes.inc({ outcome });
      if (outcome === 'ignored' && reason !== null) this.ignored.inc({ reason });
      if (failure) this.deadLetters.inc({ code: failure.code });
      this.latency.observe(Math.max(0, now - Date.parse(update.receivedAt)) / 1000);
    }
  }

  consumerPaused(): void {
    this.paused.set(1);
  }

  duplicatesRecorded(recorded: number, malformed: number): void {
    this.duplicates.inc(recorded);
    this.malformedDuplicates.inc(malformed);
  }

  recordsPublished(source: OutboxSourceName, count: number): void {
    this.published.inc({ source }, count);
  }

  outboxMeasured(source: OutboxSourceName, backlog: number, oldestSeconds: number): void {
    this.backlog.set({ source }, backlog);
    this.oldest.set({ source }, oldestSeconds);
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
    for (const code of PERMANENT_FAILURE_CODES) this.deadLetters.inc({ code }, 0);
    for (const source of OUTBOX_SOURCES) {
      this.published.inc({ source }, 0);
      this.outboxMeasured(source, 0, 0);
    }
  }
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const NAMESPACE = 'onceline_ticketing_';

function counter(name: string, help: string, label: string, registers: Registers) {
  const labelNames = label === '' ? [] : [label];
  return new Counter({ name: `${NAMESPACE}${name}_total`, help, labelNames, ...registers });
}

function gauge(name: string, help: string, label: string, registers: Registers) {
  return new Gauge({ name: `${NAMESPACE}${name}`, help, labelNames: label === '' ? [] : [label], ...registers });
}

function histogram(name: string, help: string, buckets: number[], registers: Registers) {
  return new Histogram({ name: `${NAMESPACE}${name}`, help, buckets, ...registers });
}
