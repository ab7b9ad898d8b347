import { afterFailure, freshBackOff, type BackOff } from './back-off.js';
import type { StoredUpdate } from './generate-updates.js';
import type { Random } from './random.js';
import { ReadyHeap } from './ready-heap.js';

/** An update in Telegram's store of one bot. */
export interface PendingUpdate {
  readonly update: StoredUpdate;
  backOff: BackOff;
  /** Unix second at which it may be sent. */
  wake: number;
  /** In its queue, not only in the store. */
  loaded: boolean;
  /** Expired and removed from the store; if it was loaded before, it is still sent once. */
  swept: boolean;
}

/** Telegram's limits: what goes beyond is lost on its side without a word. */
export const storeLimits = { updates: 100_000, bytes: 128 * 1024 * 1024, updateBytes: 524_288 };

/**
 * The updates of one bot between their creation and their end, and the order in which they may be sent. No I/O and no clock: every
 * method takes the time (unix seconds).
 *
 * Inside one queue strictly one after the other in order of ids; different queues side by side. At most two queues per allowed
 * connection are loaded at a time, so that many failing chats stall the whole bot. Expiry is looked at when loading and after a
 * failure, never in between.
 */
export class DeliveryQueues {
  private readonly queues = new Map<number, PendingUpdate[]>();
  private readonly stored = new Map<number, PendingUpdate>();
  private unloaded: PendingUpdate[] = [];
  private unloadedFrom = 0;
  private ready = new ReadyHeap<PendingUpdate>();
  private bytes = 0;
  private dropped = 0;

  constructor(
    private readonly maxConnections: number,
    private readonly random: Random,
    private readonly onDrop: (update: StoredUpdate) => void = () => undefined,
  ) {}

  /** Stores a new update; false if Telegram would have no room for it. */
  store(update: StoredUpdate): boolean {
    const { length } = update.body;
    const full = this.stored.size >= storeLimits.updates || this.bytes + length > storeLimits.bytes;
    if (full || length > storeLimits.updateBytes || this.stored.has(update.updateId)) return false;
    const pending = { update, backOff: freshBackOff, wake: 0, loaded: false, swept: false };
    this.stored.set(update.updateId, pending);
    this.bytes += length;
    this.unloaded.push(pending);
    return true;
  }

  /** Brings updates into their queues, in order of ids, until the limit of loaded queues is reached. */
  load(now: number): void {
    const limit = 2 * this.maxConnections;
    while (this.queues.size < limit) {
      const pending = this.unloaded[this.unloadedFrom];
      if (pending === undefined) break;
      this.unloadedFrom++;
      if (pending.swept) continue;
      if (pending.update.expiresAt < now) this.giveUp(pending);
      else this.enqueue(pending, now);
    }
    if (this.unloadedFrom > 1024 && this.unloadedFrom * 2 > this.unloaded.length) {
      this.unloaded = this.unloaded.slice(this.unloadedFrom);
      this.unloadedFrom = 0;
    }
  }

  private enqueue(pending: PendingUpdate, now: number): void {
    pending.wake = now;
    pending.loaded = true;
    const { queue } = pending.update;
    const waiting = this.queues.get(queue);
    if (waiting !== undefined) {
      waiting.push(pending);
      return;
    }
    this.queues.set(queue, [pending]);
    this.ready.push(pending);
  }

  /** Takes the next update that is due; its queue stands still until `acknowledge` or `fail`. */
  takeDue(now: number): PendingUpdate | undefined {
    const next = this.ready.peek();
    if (next === undefined || next.wake > now) return undefined;
    this.ready.pop();
    return next;
  }

  /** Unix second at which the next queue head is due, if any waits. */
  nextWake(): number | undefined {
    return this.ready.peek()?.wake;
  }

  /** A 2xx: the update is deleted for ever. */
  acknowledge(pending: PendingUpdate): void {
    this.forget(pending);
    this.advance(pending);
  }

  /** Anything else: it waits for its next attempt, or is given up. */
  fail(pending: PendingUpdate, retryAfter: number, now: number): void {
    const { backOff, update } = pending;
    const decision = afterFailure({ backOff, retryAfter, now, expiresAt: update.expiresAt }, this.random);
    if (decision.action === 'drop') {
      this.giveUp(pending);
      this.advance(pending);
      return;
    }
    pending.backOff = decision.backOff;
    pending.wake = now + decision.seconds;
    this.ready.push(pending);
  }

  /** The sender was rebuilt: back-off is forgotten, and everything un-acknowledged starts from the oldest again. */
  reload(): void {
    this.queues.clear();
    this.ready = new ReadyHeap<PendingUpdate>();
    this.unloaded = [...this.stored.values()].filter(({ swept }) => !swept);
    for (const pending of this.unloaded) Object.assign(pending, { backOff: freshBackOff, loaded: false });
    this.unloadedFrom = 0;
  }

  /** Removes expired updates from the store, as Telegram does about once a minute. */
  sweep(now: number): void {
    for (const pending of this.stored.values()) {
      if (pending.update.expiresAt >= now) continue;
      if (pending.loaded) this.forget(pending);
      else this.giveUp(pending);
      pending.swept = true;
    }
  }

  private advance({ update }: PendingUpdate): void {
    const waiting = this.queues.get(update.queue);
    waiting?.shift();
    const next = waiting?.[0];
    if (next === undefined) this.queues.delete(update.queue);
    else this.ready.push(next);
  }

  private giveUp(pending: PendingUpdate): void {
    this.forget(pending);
    this.dropped++;
    this.onDrop(pending.update);
  }

  private forget({ update }: PendingUpdate): void {
    if (this.stored.delete(update.updateId)) this.bytes -= update.body.length;
  }

  get pendingCount(): number {
    return this.stored.size;
  }

  get loadedQueues(): number {
    return this.queues.size;
  }

  get droppedCount(): number {
    return this.dropped;
  }
}
