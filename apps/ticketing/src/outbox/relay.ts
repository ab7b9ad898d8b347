import { KafkaError, type BatchingProducer } from '@onceline/kafka';
import type { OutboxSourceName } from '../metrics.js';
import type { Session, WithSession } from '../store/session.js';
import { PublishSource, type RefusedRow } from './publish-source.js';
import { EVENTS_SOURCE, RECORDS_SOURCE, type SourceRow } from './source.js';
import { WakeUp } from './wake-up.js';

export interface RelayObserver {
  published(source: OutboxSourceName, count: number): void;
  measured(source: OutboxSourceName, backlog: number, oldestSeconds: number): void;
  /** Set aside in the database: it will never be published by itself. */
  refused(source: OutboxSourceName, row: RefusedRow): void;
  failed(error: unknown): void;
}

export interface RelayOptions {
  readonly withSession: WithSession;
  readonly producer: Pick<BatchingProducer, 'send'>;
  readonly observer: RelayObserver;
  /** Default 15000. */
  readonly standstillMs?: number;
}

/** Commits of other instances, and rows held back by a long transaction, are found by looking. */
const POLL_MS = 200;
/** How often an instance that does not publish asks whether the other one is gone. */
const STANDBY_MS = 1000;
const AFTER_FAILURE_MS = 1000;
const MEASURE_EVERY_MS = 5000;

/** Longer than a send takes that fails. A process that stands still for longer, suspended or starved, must not keep the lock. */
const STANDSTILL_MS = 15_000;

/** One publisher among all instances: two would break the order per ticket. The lock lives and dies with its connection. */
const TRY_LOCK = {
  name: 'relay-lock',
  text: `select pg_try_advisory_lock(hashtext('onceline.ticketing.relay')) as locked`,
};
const UNLOCK = {
  name: 'relay-unlock',
  text: `select pg_advisory_unlock(hashtext('onceline.ticketing.relay'))`,
};

type Publisher = Pick<PublishSource<SourceRow>, 'name' | 'publishPage' | 'measure'>;

/** Publishes what the database committed, at least once, in commit order. */
export class Relay {
  private readonly wakeUp = new WakeUp();
  private stopping = false;
  private publishing = false;
  private loop: Promise<void> | undefined;

  constructor(private readonly options: RelayOptions) {}

  start(): void {
    this.loop ??= this.run();
  }

  /** Something was committed. */
  wake(): void {
    this.wakeUp.wake();
  }

  /** Whether this instance is the one that publishes. */
  isPublisher(): boolean {
    return this.publishing;
  }

  /** Finishes the page in hand. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.wakeUp.wake();
    await this.loop;
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      try {
        await this.options.withSession((session) => this.publishWhileLocked(session));
        await this.rest(STANDBY_MS);
      } catch (error) {
        this.options.observer.failed(error);
        await this.rest(AFTER_FAILURE_MS);
      } finally {
        this.publishing = false;
      }
    }
  }

  private async publishWhileLocked(session: Session): Promise<void> {
    const { rows } = await session.query<{ locked: boolean }>(TRY_LOCK, []);
    if (rows[0]?.locked !== true) return;
    try {
      await session.command(`set idle_session_timeout = ${this.options.standstillMs ?? STANDSTILL_MS}`);
      await this.publishUntilStopped(session);
      await session.query(UNLOCK, []);
    } finally {
      // Neither the time limit nor a lock that an error left behind may get into the pool.
      session.discard();
    }
  }

  private async publishUntilStopped(session: Session): Promise<void> {
    this.publishing = true;
    const sources = this.sourcesOn(session);
    let measuredAt = 0;
    while (!this.stopping) {
      const restMs = await this.publishAll(sources);
      if (Date.now() - measuredAt > MEASURE_EVERY_MS) {
        await this.measure(sources);
        measuredAt = Date.now();
      }
      await this.rest(restMs);
    }
  }

  private sourcesOn(session: Session): readonly Publisher[] {
    const { producer } = this.options;
    return [new PublishSource(EVENTS_SOURCE, session, producer), new PublishSource(RECORDS_SOURCE, session, producer)];
  }

  /** Kafka being away costs nothing but time: the cursor waits, the lock stays. Answers how long to rest. */
  private async publishAll(sources: readonly Publisher[]): Promise<number> {
    try {
      for (const source of sources) {
        for (let more = true; more && !this.stopping;) {
          const page = await source.publishPage();
          if (page.published > 0) this.options.observer.published(source.name, page.published);
          for (const row of page.refused) this.options.observer.refused(source.name, row);
          more = page.more;
        }
      }
      return POLL_MS;
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      this.options.observer.failed(error);
      return AFTER_FAILURE_MS;
    }
  }

  private async measure(sources: readonly Publisher[]): Promise<void> {
    for (const source of sources) {
      const { backlog, oldestSeconds } = await source.measure();
      this.options.observer.measured(source.name, backlog, oldestSeconds);
    }
  }

  private async rest(longestMs: number): Promise<void> {
    if (!this.stopping) await this.wakeUp.rest(longestMs);
  }
}
