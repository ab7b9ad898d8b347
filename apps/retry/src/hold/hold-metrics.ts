import { classifyFailure } from '@onceline/retry-policy';
import type { MetricsRegistry } from '@onceline/service-kit';
import { Counter, Gauge, Histogram } from 'prom-client';
import { DIRECTIONS, type Direction } from './due-times.js';

const NAMESPACE = 'onceline_retry_';
/** Seconds between the due time of a record and its acknowledgement in the topic it goes back to. */
const LATENESS_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300];

/** What waits on a rung. */
interface Waiting {
  /** In all partitions, whoever holds them. */
  readonly records: number;
  /** Age of the oldest that this instance holds. */
  readonly heldSeconds: number;
  /** Age of the oldest in all partitions. */
  readonly unsettledSeconds: number;
}

/** What the holding room counts. */
export class HoldMetrics {
  private readonly lateness;
  private readonly distrusted;
  private readonly failures;
  private readonly waiting;
  private readonly oldest;
  private readonly unsettled;
  private readonly rung;

  constructor(registry: MetricsRegistry) {
    const registers = [registry];
    const labelNames = ['topic'] as const;
    this.lateness = new Histogram({
      name: `${NAMESPACE}lateness_seconds`,
      help: 'Time between the due time of a record and its acknowledgement.',
      labelNames,
      registers,
      buckets: LATENESS_BUCKETS,
    });
    this.distrusted = new Counter({
      name: `${NAMESPACE}due_times_distrusted_total`,
      help: 'Records whose due time could not be true, by where it points.',
      labelNames: ['topic', 'direction'] as const,
      registers,
    });
    this.failures = new Counter({
      name: `${NAMESPACE}forward_failures_total`,
      help: 'Times that due records could not be sent on, and were tried again.',
      labelNames: ['topic', 'known'] as const,
      registers,
    });
    this.waiting = new Gauge({
      name: `${NAMESPACE}waiting`,
      help: 'Records that wait.',
      labelNames,
      registers,
    });
    this.oldest = new Gauge({
      name: `${NAMESPACE}waiting_oldest_seconds`,
      help: 'Age of the oldest record that this instance holds.',
      labelNames,
      registers,
    });
    this.unsettled = new Gauge({
      name: `${NAMESPACE}unsettled_oldest_seconds`,
      help: 'Age of the oldest record that has not gone on, held by somebody or not.',
      labelNames,
      registers,
    });
    this.rung = new Gauge({
      name: `${NAMESPACE}rung_seconds`,
      help: 'How long a record waits here, without its jitter.',
      labelNames,
      registers,
    });
  }

  /** From zero: a topic that is held from now on. */
  begins(topic: string, delayMs: number): void {
    this.rung.set({ topic }, delayMs / 1000);
    for (const direction of DIRECTIONS) this.distrusted.inc({ topic, direction }, 0);
    for (const known of ['true', 'false']) this.failures.inc({ topic, known }, 0);
    this.waits(topic, { records: 0, heldSeconds: 0, unsettledSeconds: 0 });
  }

  wentOn(topic: string, lateMs: number): void {
    this.lateness.observe({ topic }, lateMs / 1000);
  }

  distrusts(topic: string, direction: Direction): void {
    this.distrusted.inc({ topic, direction });
  }

  /** What no rule knows is worth an alert. */
  failed(topic: string, error: unknown): void {
    this.failures.inc({ topic, known: String(classifyFailure(error).known) });
  }

  /** What waits is not known any more. */
  forget(): void {
    for (const gauge of [this.waiting, this.oldest, this.unsettled]) gauge.reset();
  }

  waits(topic: string, { records, heldSeconds, unsettledSeconds }: Waiting): void {
    this.waiting.set({ topic }, records);
    this.oldest.set({ topic }, heldSeconds);
    this.unsettled.set({ topic }, unsettledSeconds);
  }
}
