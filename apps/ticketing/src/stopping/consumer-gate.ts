import { transactionVerdict, type DeadLetterWatch, type OutageBreaker } from '@onceline/retry-policy';
import type { Settlement } from '../store/plan-batch.js';
import type { TracedUpdate } from '../store/traced-update.js';
import type { BreakerStore } from './breaker.store.js';
import type { TrialResult } from './try-out.js';

/** Since its last failure nobody has asked the database for anything: no batch is in hand that could tell. */
const QUIET_MS = 60_000;

/** How soon an operator's word is heard. */
const ASK_AGAIN_MS = 1000;

export interface GateObserver {
  /** 0 closed, 1 half-open, 2 open. */
  breakerChanged(
    breaker: 'database' | 'dead-letters',
    state: 'closed' | 'half-open' | 'open',
    reason: string | null,
  ): void;
}

export interface ConsumerGateOptions {
  readonly outage: OutageBreaker;
  readonly deadLetters: DeadLetterWatch;
  readonly store: Pick<BreakerStore, 'read' | 'open' | 'close'>;
  readonly observer: GateObserver;
  /** Whether these could be handled now without too many failures; changes nothing. */
  readonly trial: (updates: readonly TracedUpdate[]) => Promise<TrialResult>;
  readonly now?: () => number;
}

/**
 * Decides whether a batch may be handled. Two things close the gate: a database that is away, which only time opens; and too many dead
 * letters, which a trial opens that comes out well, or an operator. Nothing is lost meanwhile: offsets stay where they are.
 */
export class ConsumerGate {
  private stopped: string | null = null;
  private isStored = false;
  private nextTrialAt = 0;
  private failedAt = 0;
  private readonly now: () => number;

  constructor(private readonly options: ConsumerGateOptions) {
    this.now = options.now ?? Date.now;
  }

  /** Why nothing is handled for want of a database; undefined while it answers. */
  outage(): string | undefined {
    return this.options.outage.reason();
  }

  /** Why the consumer has stopped itself; undefined while it runs. */
  stopReason(): string | undefined {
    return this.stopped ?? undefined;
  }

  /** Milliseconds until the database may be asked again; the rest is kept also when partitions move in between. */
  restMs(): number {
    const { outage, observer } = this.options;
    const restMs = outage.restMs(this.now());
    if (restMs === 0 && outage.state(this.now()) === 'half-open')
      observer.breakerChanged('database', 'half-open', outage.reason() ?? null);
    return restMs;
  }

  /**
   * Whether a stopped consumer may go on with these. Answers the milliseconds to wait before the question is asked again; 0: go on.
   * @throws what the database throws
   */
  async waitMs(updates: readonly TracedUpdate[]): Promise<number> {
    const { store, trial } = this.options;
    if (this.stopped === null) return 0;
    if (!this.isStored) await this.persist(this.stopped);
    else {
      const { open, reason } = await store.read();
      if (!open) return this.goOn();
      this.stopped = reason ?? this.stopped;
    }
    if (this.now() < this.nextTrialAt) return ASK_AGAIN_MS;
    this.nextTrialAt = this.now() + this.options.deadLetters.trialEveryMs;
    this.options.observer.breakerChanged('dead-letters', 'half-open', this.stopped);
    const result = await trial(updates);
    if (result === 'passed') {
      await store.close();
      return this.goOn();
    }
    this.options.observer.breakerChanged('dead-letters', 'open', this.stopped);
    // Copies change nothing, and what comes behind them is what the next trial needs.
    return result === 'only-copies' ? 0 : ASK_AGAIN_MS;
  }

  /** A batch went through. */
  async settled(settlements: readonly Settlement[]): Promise<void> {
    this.answered();
    // What a redrive brings was dead before, and must not stop what comes in. What waits has no outcome yet: ten tries are not ten records.
    const ended = settlements.filter(({ redrive, outcome }) => redrive === null && outcome !== 'parked');
    if (ended.length === 0) return;
    const dead = ended.filter(({ outcome }) => outcome === 'dead-lettered').length;
    const reason = this.options.deadLetters.add({ records: ended.length, dead }, this.now());
    if (reason === undefined) return;
    this.stop(reason);
    await this.persist(reason);
  }

  /** The database did what it was asked to. */
  answered(): void {
    const { outage, observer } = this.options;
    if (outage.state(this.now()) !== 'closed') observer.breakerChanged('database', 'closed', null);
    outage.answered();
  }

  /**
   * Somebody who looks after the database beside the work has had an answer. With no update to handle nothing else would say that it is back, or
   * that the consumer may go on. While there are some, they know better: a database may answer and take nothing.
   */
  looked(isStopped: boolean): void {
    const now = this.now();
    if (this.options.outage.restMs(now) === 0 && now - this.failedAt > QUIET_MS) this.answered();
    if (!isStopped && this.stopped !== null && this.isStored) this.goOn();
  }

  /** The database took nothing. Answers how long to rest. */
  failed(reason: string): number {
    this.failedAt = this.now();
    const afterMs = this.options.outage.failed(reason, this.now());
    this.options.observer.breakerChanged('database', 'open', reason);
    return afterMs;
  }

  /** Another instance has stopped, or this one before its restart. Answers how long to wait before asking whether it may go on. */
  stoppedElsewhere(): number {
    this.stop('too many dead letters');
    this.isStored = true;
    return ASK_AGAIN_MS;
  }

  private stop(reason: string): void {
    this.stopped = reason;
    this.isStored = false;
    this.nextTrialAt = this.now() + this.options.deadLetters.trialEveryMs;
    this.options.observer.breakerChanged('dead-letters', 'open', reason);
  }

  private goOn(): number {
    this.stopped = null;
    this.options.deadLetters.reset();
    this.options.observer.breakerChanged('dead-letters', 'closed', null);
    return 0;
  }

  /** What has been settled stays settled: a database that went away just now is no reason to handle it again. */
  private async persist(reason: string): Promise<void> {
    try {
      await this.options.store.open(reason);
      this.isStored = true;
    } catch (error) {
      if (transactionVerdict(error) !== 'wait') throw error;
      this.failed('database unavailable');
    }
  }
}
