import type { TopicDeclaration } from '@onceline/contracts';
import type { BatchingProducer, ConsumedRecord, HoldingHandle, Kafka } from '@onceline/kafka';
import type { ServiceKit } from '@onceline/service-kit';
import type { Registry } from 'prom-client';
import { dueTimeOf, earliestBehind } from './due-times.js';
import { HoldMetrics } from './hold-metrics.js';

/** A topic whose records wait, and where they go then. */
export interface Rung {
  readonly topic: string;
  readonly delayMs: number;
  readonly redelivery: string;
}

export interface HoldingRoomOptions {
  readonly kit: Pick<ServiceKit, 'health' | 'logger' | 'fatal'>;
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly rungs: readonly Rung[];
  readonly registry: Registry;
}

const MEASURE_EVERY_MS = 5000;

/** Every topic that holds, by declaration; each consumer has its own place to come back to. */
export function rungsOf(topics: readonly TopicDeclaration[]): Rung[] {
  return topics.flatMap(({ name: topic, holds }) =>
    holds === undefined ? [] : [{ topic, delayMs: holds.delayMs, redelivery: `${holds.consumer}.redelivery` }],
  );
}

/**
 * Where failed records wait. Each goes back as it came, with its key, bytes, headers and partition number, so that the trace and the order
 * within a conversation go on. After a crash some go back twice; their consumer knows a copy by the number of its try.
 */
export class HoldingRoom {
  private readonly rungs: ReadonlyMap<string, Rung>;
  private readonly metrics: HoldMetrics;
  private producer: BatchingProducer | undefined;
  private consumer: HoldingHandle | undefined;
  private measuring: NodeJS.Timeout | undefined;

  constructor(private readonly options: HoldingRoomOptions) {
    const { rungs, registry, kit } = options;
    this.rungs = new Map(rungs.map((rung) => [rung.topic, rung]));
    this.metrics = new HoldMetrics(registry, [...this.rungs.keys()]);
    kit.health.readiness('holding', () => (this.consumer?.isReady() === true ? undefined : 'not in its group'));
  }

  async start(): Promise<void> {
    const { kafka, groupId, kit } = this.options;
    this.producer = await kafka.producer();
    this.consumer = await kafka.hold({
      groupId,
      topics: [...this.rungs.keys()],
      dueTimesOf: (record) => this.dueTimesOf(record),
      forward: (records) => this.forward(records),
      onFailure: (error) => kit.fatal(error),
    });
    this.measuring = setInterval(() => void this.measure(), MEASURE_EVERY_MS);
  }

  /** What is due now goes on; what waits is left to whoever starts next. */
  async stop(): Promise<void> {
    clearInterval(this.measuring);
    await this.consumer?.stop();
    await this.producer?.close();
  }

  private rungOf(record: ConsumedRecord): Rung {
    const rung = this.rungs.get(record.topic);
    if (rung === undefined) throw new Error(`${record.topic} is no topic that holds`);
    return rung;
  }

  private dueTimesOf(record: ConsumedRecord): { due: number; earliestBehind: number } {
    const { topic, delayMs } = this.rungOf(record);
    const { due, distrusted } = dueTimeOf(record, delayMs);
    if (distrusted !== null) this.metrics.distrusts(topic, distrusted);
    return { due, earliestBehind: earliestBehind(record, delayMs, Date.now()) };
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
    await this.producer!.send(redelivery, { key, value, headers }, { partition });
    this.metrics.wentOn(topic, Date.now() - dueTimeOf(record, delayMs).due);
  }

  private async measure(): Promise<void> {
    const { kafka, groupId, kit } = this.options;
    try {
      for (const { topic } of this.rungs.values()) {
        const [offsets, committed] = await Promise.all([
          kafka.admin.offsets(topic),
          kafka.admin.committed(groupId, topic),
        ]);
        const records = offsets.reduce((sum, { low, high }, i) => sum + high - Math.max(low, committed[i] ?? low), 0);
        const oldest = this.consumer?.oldestHeld(topic);
        const oldestSeconds = oldest === undefined ? 0 : Math.max(0, (Date.now() - oldest) / 1000);
        this.metrics.waits(topic, { records, oldestSeconds });
      }
    } catch (error) {
      kit.logger.warn({ err: error }, 'what waits cannot be measured');
    }
  }
}
