import type { Clock } from './clock.js';

/** How updates come to Telegram. */
export interface FeederOptions<T> {
  updates: Iterable<T>;
  /** Updates per second, however the receiver fares (open loop). Without it, as many as fit under `maxPending`. */
  rate: number | undefined;
  maxPending: number;
  pending: () => number;
  /** Takes one update and the moment it was due. */
  push: (update: T, dueAt: number) => void;
}

const tick = 2;

/** Hands a stream of updates over, at a given rate or as fast as they are acknowledged. */
export class Feeder<T> {
  private readonly iterator: Iterator<T>;
  private readonly startedAt: number;
  private handedOver = 0;
  private finished = false;
  private stopTimer: () => void = () => undefined;

  constructor(
    private readonly clock: Clock,
    private readonly options: FeederOptions<T>,
  ) {
    this.iterator = options.updates[Symbol.iterator]();
    this.startedAt = clock.now();
    this.feed();
  }

  get isFinished(): boolean {
    return this.finished;
  }

  /** Call when something has been acknowledged. */
  onRoom(): void {
    if (this.options.rate === undefined && this.options.pending() <= this.options.maxPending / 2) this.feed();
  }

  stop(): void {
    this.finished = true;
    this.stopTimer();
  }

  private feed(): void {
    const { rate, maxPending, pending } = this.options;
    if (rate === undefined) {
      for (let room = maxPending - pending(); room > 0 && !this.finished; room--) this.handOver(this.clock.now());
      return;
    }
    for (;;) {
      const dueAt = this.startedAt + (this.handedOver / rate) * 1000;
      if (this.finished || dueAt > this.clock.now()) break;
      this.handOver(dueAt);
    }
    if (!this.finished) this.stopTimer = this.clock.setTimer(() => this.feed(), tick);
  }

  private handOver(dueAt: number): void {
    const next = this.iterator.next();
    if (next.done === true) {
      this.finished = true;
      return;
    }
    this.handedOver++;
    this.options.push(next.value, dueAt);
  }
}
