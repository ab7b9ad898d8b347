import type { BatchingProducer, ConsumerHandle, Kafka } from '@onceline/kafka';
import type { Postgres } from '@onceline/postgres';
import {
  measuredNow,
  neverMeasured,
  type Measurement,
  type MetricsRegistry,
  type ServiceKit,
} from '@onceline/service-kit';
import type { RetryConfig } from '../config.js';
import type { ConsumerLag } from '../consumer-lag.js';
import type { DeadLetterSource } from './dead-letter.js';
import { DeadLetterMetrics, type Work } from './dead-letter-metrics.js';
import { DeadLetterObserver } from './dead-letter-observer.js';
import { forgetPayloads } from './forget-payloads.js';
import { forgetOldRequests } from './idempotent-requests.js';
import { IndexDeadLetters } from './index-dead-letters.js';
import { Loop } from './loop.js';
import { measureIndex } from './measure-index.js';
import { Operator } from './operator.js';
import { SendRedrives } from './send-redrives.js';
import { TellLedger } from './tell-ledger.js';
import { TicketingClient } from './ticketing-client.js';
import { WatchOutcomes } from './watch-outcomes.js';

export interface RoomOptions {
  readonly kit: ServiceKit;
  readonly config: RetryConfig;
  readonly postgres: Postgres;
  readonly kafka: Kafka;
  readonly registry: MetricsRegistry;
  readonly lag: ConsumerLag;
  readonly sources: readonly DeadLetterSource[];
}

const WATCH_EVERY_MS = 200;
const TELL_EVERY_MS = 1000;
const MEASURE_EVERY_MS = 10_000;
/** As in `onceline_measured_timestamp_seconds`. */
const DEAD_LETTERS = 'dead letters';

/** Where dead letters are indexed, looked at, redriven and discarded. */
export class DeadLetterRoom {
  readonly operator: Operator;
  private readonly index: IndexDeadLetters;
  private readonly observer: DeadLetterObserver;
  private readonly metrics: DeadLetterMetrics;
  private readonly ticketing: TicketingClient;
  private readonly measurements: readonly Measurement[];
  private loops: Loop[] = [];
  private consumer: ConsumerHandle | undefined;
  private stopped = false;

  constructor(private readonly options: RoomOptions) {
    const { kit, config, postgres, sources } = options;
    this.metrics = new DeadLetterMetrics(options.registry, sources);
    this.observer = new DeadLetterObserver(kit.logger, this.metrics);
    this.ticketing = new TicketingClient(config.TICKETING_URL, config.TICKETING_TOKEN);
    this.index = new IndexDeadLetters({ postgres, sources, observer: this.observer });
    this.measurements = measureIndex({
      ...{ kafka: options.kafka, lag: options.lag, groupId: config.DEAD_LETTER_GROUP_ID },
      topics: sources.map(({ topic }) => topic),
      unread: (topic, oldestSeconds) => this.metrics.unread(topic, oldestSeconds),
      forgetUnread: () => this.metrics.unreadUnknown(),
      onFailure: (error) => this.observer.notMeasured(error),
    });
    this.operator = new Operator({ postgres, sources, ticketing: this.ticketing, wake: () => this.wake() });
    kit.health.readiness('dead-letters', () => this.trouble());
    neverMeasured(DEAD_LETTERS);
  }

  async start(): Promise<void> {
    const { kafka, config, sources, kit } = this.options;
    this.startLoops(await kafka.producer());
    for (const measurement of this.measurements) measurement.start();
    this.consumer = await kafka.consume({
      groupId: config.DEAD_LETTER_GROUP_ID,
      topics: sources.map(({ topic }) => topic),
      maxRecords: config.DEAD_LETTER_MAX_BATCH,
      handle: (batches) => this.index.handle(batches),
      onFailure: (error) => kit.fatal(error),
    });
    if (this.stopped) await this.consumer.stop();
  }

  /** Finishes the batch and the burst in hand. What is left is done by whoever starts next. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.consumer?.stop();
    await Promise.all(this.measurements.map((measurement) => measurement.stop()));
    await Promise.all(this.loops.map((loop) => loop.stop()));
  }

  private startLoops(producer: BatchingProducer): void {
    const { postgres, sources } = this.options;
    const { ticketing, observer } = this;
    const send = new SendRedrives({ postgres, producer, sources, observer });
    const watch = new WatchOutcomes({ postgres, ticketing, observer });
    const tell = new TellLedger({ postgres, ticketing, observer });
    this.loops = [
      this.loop('send', () => send.sendDue()),
      this.loop('watch', async () => ((await watch.settleDue()) ? 0 : WATCH_EVERY_MS)),
      this.loop('tell', async () => ((await tell.tellDue()) ? 0 : TELL_EVERY_MS)),
      this.loop('measure', async () => {
        await this.metrics.measure(postgres);
        measuredNow(DEAD_LETTERS);
        await forgetOldRequests(postgres);
        await forgetPayloads(postgres);
        return MEASURE_EVERY_MS;
      }),
    ];
    for (const loop of this.loops) loop.start();
  }

  private loop(work: Work, round: () => Promise<number>): Loop {
    return new Loop({ round, onFailure: (error, afterMs) => this.observer.failed(work, error, afterMs) });
  }

  private wake(): void {
    for (const loop of this.loops) loop.wake();
  }

  private trouble(): string | undefined {
    const reason = this.index.reason();
    if (reason !== undefined) return reason;
    return this.consumer?.isReady() ? undefined : 'the consumer of the dead letters has not joined its group';
  }
}
