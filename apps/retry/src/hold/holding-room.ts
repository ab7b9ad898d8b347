import {
  sendInSpan,
  type BatchingProducer,
  type ConsumedRecord,
  type HoldingHandle,
  type Kafka,
} from '@onceline/kafka';
import { eachOf, Measurement, type ServiceKit, type MetricsRegistry } from '@onceline/service-kit';
import { dueTimesOf, type DueTimes } from './due-times.js';
import type { ConsumerLag } from '../consumer-lag.js';
import { HoldMetrics } from './hold-metrics.js';
import type { Rung } from './rungs.js';

export interface HoldingRoomOptions {
  readonly kit: Pick<ServiceKit, 'health' | 'logger' | 'fatal'>;
  readonly kafka: Kafka;
  readonly groupId: string;
  /** Held whatever is found. */
  readonly rungs: readonly Rung[];
  /** Asked at the start and now and then: a topic that nobody declared may hold as well. */
  readonly findRungs: () => Promise<readonly Rung[]>;
  readonly registry: MetricsRegistry;
  readonly lag: ConsumerLag;
  /** Default 30000. */
  readonly findEveryMs?: number;
}

const MEASURE_EVERY_MS = 10_000;
const FIND_EVERY_MS = 30_000;

/**
 * Where failed records wait. Each goes back as it came, with its key, bytes, headers and partition number, so that the trace and the order
 * within a conversation go on. After a crash some go back twice; their consumer knows a copy by the number of its try.
 */
export class HoldingRoom {
  private rungs: ReadonlyMap<string, Rung> = new Map();
  private readonly metrics: HoldMetrics;
  private producer: BatchingProducer | undefined;
  private consumer: HoldingHandle | undefined;
  private readonly measuring: Measurement;
  private finding: NodeJS.Timeout | undefined;
  private found: Promise<void> | undefined;
  private missed: ReadonlySet<string> = new Set();

  constructor(private readonly options: HoldingRoomOptions) {
    this.metrics = new HoldMetrics(options.registry);
    this.measuring = new Measurement({
      work: 'rungs',
      everyMs: MEASURE_EVERY_MS,
      measure: () => this.measure(),
      forget: () => this.metrics.forget(),
      onFailure: (error) => options.kit.logger.warn({ err: error }, 'what waits cannot be measured'),
    });
    options.kit.health.readiness('holding', () => (this.isHolding() ? undefined : 'not in its group'));
  }

  async start(): Promise<void> {
    this.producer = await this.options.kafka.producer();
    await this.holdWhatExists();
    this.measuring.start();
    this.finding = setInterval(() => void this.lookAgain(), this.options.findEveryMs ?? FIND_EVERY_MS);
  }

  /** What is due now goes on; what waits is left to whoever starts next. */
  async stop(): Promise<void> {
    clearInterval(this.finding);
    await Promise.all([this.found, this.measuring.stop()]);
    await this.consumer?.stop();
    await this.producer?.close();
  }

  private isHolding(): boolean {
    return this.consumer?.isReady() ?? (this.rungs.size === 0 && this.producer !== undefined);
  }

  private lookAgain(): Promise<void> {
    this.found ??= this.holdWhatExists()
      .catch((error: unknown) =>
        this.options.kit.logger.warn({ err: error }, 'the topics that hold are looked for again'),
      )
      .finally(() => (this.found = undefined));
    return this.found;
  }

  /** Opened anew when topics have come: whatever waits anywhere has somebody who reads it. */
  private async holdWhatExists(): Promise<void> {
    const all = [...this.options.rungs, ...(await this.options.findRungs())];
    if (this.hasLost(all)) return;
    const wanted = new Map([...this.rungs.values(), ...all].map((rung) => [rung.topic, rung]));
    const added = [...wanted.values()].filter(({ topic }) => !this.rungs.has(topic));
    if (added.length === 0 && (this.consumer !== undefined || wanted.size === 0)) return;
    // Left while it joins, the client's consumer would stay in the group beside the new one, and keep partitions that nobody reads.
    if (this.consumer?.isReady() === false) return;
    await this.consumer?.stop();
    this.consumer = undefined;
    this.rungs = wanted;
    this.tellAdded(added);
    if (wanted.size > 0) this.consumer = await this.hold([...wanted.keys()]);
  }

  /**
   * A client that has known a topic which is gone finds no other one either: only a new process does. Looked for twice, because a broker
   * that has just started does not know all of its topics yet.
   */
  private hasLost(all: readonly Rung[]): boolean {
    const gone = [...this.rungs.keys()].filter((known) => all.every(({ topic }) => topic !== known));
    const lost = gone.filter((topic) => this.missed.has(topic));
    this.missed = new Set(gone);
    if (lost.length === 0) return false;
    clearInterval(this.finding);
    const message = `${lost.join(', ')}, which held retries, is deleted: this process goes on when it is started anew`;
    this.options.kit.fatal(new Error(message));
    return true;
  }

  private tellAdded(added: readonly Rung[]): void {
    for (const { topic, delayMs } of added) this.metrics.begins(topic, delayMs);
    const known = new Set(this.options.rungs.map(({ topic }) => topic));
    const topics = added.map(({ topic }) => topic).filter((topic) => !known.has(topic));
    if (topics.length > 0) this.options.kit.logger.warn({ topics }, 'topics beside the settings are held as well');
  }

  private hold(topics: readonly string[]): Promise<HoldingHandle> {
    const { kafka, groupId, kit } = this.options;
    return kafka.hold({
      groupId,
      topics,
      dueTimesOf: (record) => this.dueTimesOf(record),
      forward: (records) => this.forward(records),
      onFailure: (error) => kit.fatal(error),
    });
  }

  private rungOf(record: ConsumedRecord): Rung {
    const rung = this.rungs.get(record.topic);
    if (rung === undefined) throw new Error(`${record.topic} is no topic that holds`);
    return rung;
  }

  private dueTimesOf(record: ConsumedRecord): DueTimes {
    const { topic, delayMs } = this.rungOf(record);
    const times = dueTimesOf(record, delayMs, Date.now());
    if (times.distrusted !== null) this.metrics.distrusts(topic, times.distrusted);
    return times;
  }

  private async forward(records: readonly ConsumedRecord[]): Promise<void> {
    const sent = await Promise.allSettled(records.map((record) => this.send(record)));
    const failed = sent.find((result) => result.status === 'rejected');
    if (failed === undefined) return;
    const { topic } = this.rungOf(records[0]!);
    this.metrics.failed(topic, failed.reason);
    this.options.kit.logger.warn({ topic, records: records.length, err: failed.reason }, 'due records are tried again');
    throw failed.reason;
  }

  private async send(record: ConsumedRecord): Promise<void> {
    const { topic, delayMs, redelivery } = this.rungOf(record);
    const { key, value, headers, partition } = record;
    const attributes = { 'onceline.rung.ms': delayMs };
    await sendInSpan({ topic: redelivery, record: { key, value, headers } }, { attributes }, (outgoing) =>
      this.producer!.send(redelivery, outgoing, { partition }),
    );
    const now = Date.now();
    const { due, distrusted } = dueTimesOf(record, delayMs, now);
    // What is judged by the clock has no moment to be late from.
    if (distrusted !== 'future') this.metrics.wentOn(topic, now - due);
  }

  private measure(): Promise<void> {
    const { groupId, kafka, lag } = this.options;
    return eachOf(this.rungs.keys(), async (topic) => {
      const records = await lag.measure(groupId, topic);
      const held = this.consumer?.oldestHeld(topic);
      const unsettled = await kafka.oldestUnread(groupId, topic);
      this.metrics.waits(topic, {
        records,
        heldSeconds: secondsSince(held),
        unsettledSeconds: secondsSince(unsettled),
      });
    });
  }
}

/** 0 when there is nothing. */
function secondsSince(time: number | undefined): number {
  return time === undefined ? 0 : Math.max(0, (Date.now() - time) / 1000);
}
