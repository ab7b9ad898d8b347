import type { BatchingProducer } from '@onceline/kafka';
import type { Session, WithSession } from '../store/session.js';
import { PublishSource } from './publish-source.js';
import { EVENTS_SOURCE, RECORDS_SOURCE } from './source.js';
import { SourceLoop, type RelayObserver } from './source-loop.js';
import { WakeUp } from './wake-up.js';

export interface RelayOptions {
  readonly withSession: WithSession;
  readonly producer: Pick<BatchingProducer, 'send'>;
  readonly observer: RelayObserver;
  /** Default 15000. */
  readonly standstillMs?: number;
}

/** How often an instance that does not publish asks whether the other one is gone. */
const STANDBY_MS = 1000;
const AFTER_FAILURE_MS = 1000;

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

/** Publishes what the database committed, at least once, in commit order within each source. */
export class Relay {
  private readonly standby = new WakeUp();
  private readonly events: SourceLoop;
  private readonly records: SourceLoop;
  private stopping = false;
  private publishing = false;
  private loop: Promise<void> | undefined;

  constructor(private readonly options: RelayOptions) {
    this.events = new SourceLoop(options.observer);
    this.records = new SourceLoop(options.observer);
  }

  start(): void {
    this.loop ??= this.run();
  }

  /** Something was committed. */
  wake(): void {
    for (const sleeper of [this.standby, this.events, this.records]) sleeper.wake();
  }

  /** Whether this instance is the one that publishes. */
  isPublisher(): boolean {
    return this.publishing;
  }

  /** Finishes the pages in hand. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.wake();
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
      await this.publishUntilStopped(oneByOne(session));
      await session.query(UNLOCK, []);
    } finally {
      // Neither the time limit nor a lock that an error left behind may get into the pool.
      session.discard();
    }
  }

  /** The connection is lost to both sources at once, and both have ended before another one is asked for. */
  private async publishUntilStopped(session: Session): Promise<void> {
    this.publishing = true;
    const { producer } = this.options;
    let isLost = false;
    const isOver = () => this.stopping || isLost;
    const loops = [
      this.events.run(new PublishSource(EVENTS_SOURCE, session, producer), isOver),
      this.records.run(new PublishSource(RECORDS_SOURCE, session, producer), isOver),
    ].map((running) =>
      running.catch((error: unknown) => {
        isLost = true;
        this.wake();
        throw error;
      }),
    );
    for (const end of await Promise.allSettled(loops)) if (end.status === 'rejected') throw end.reason;
  }

  private async rest(longestMs: number): Promise<void> {
    if (!this.stopping) await this.standby.rest(longestMs);
  }
}

/** The connection that holds the lock is the one that moves the cursors, and it takes one statement at a time. */
function oneByOne(session: Session): Session {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(statement: () => Promise<Result>): Promise<Result> => {
    const answer = last.then(statement);
    last = answer.catch(() => undefined);
    return answer;
  };
  return {
    query: <Row>(...[statement, values]: Parameters<Session['query']>) =>
      inTurn(() => session.query<Row>(statement, values)),
    command: (sql) => inTurn(() => session.command(sql)),
    discard: () => session.discard(),
  };
}
