/** The most updates that Telegram keeps for a bot, and their most bytes. */
export const mostPending = 100_000;
/** See {@link mostPending}. */
export const mostPendingBytes = 128 * 1024 * 1024;

const sweepEvery = 60_000;

interface Batch {
  count: number;
  readonly bytes: number;
  readonly expiresAt: number;
}

/** What waits for one bot: the numbers of it, without the updates themselves. */
export class PendingStore {
  private batches: Batch[] = [];
  private sweptAt = -Infinity;

  /** Stores as many of these updates as there is room for, and answers how many. The others are lost without a word. */
  push(count: number, bytes: number, expiresAt: number): number {
    const room = Math.min(mostPending - this.count(), Math.floor((mostPendingBytes - this.bytes()) / bytes));
    const stored = Math.max(0, Math.min(count, room));
    if (stored > 0) this.batches.push({ count: stored, bytes, expiresAt });
    return stored;
  }

  /** The oldest ones have been delivered. */
  acknowledge(count: number): void {
    let left = count;
    for (const batch of this.batches) {
      const taken = Math.min(batch.count, left);
      batch.count -= taken;
      left -= taken;
    }
    this.batches = this.batches.filter((batch) => batch.count > 0);
  }

  clear(): void {
    this.batches = [];
  }

  /** Expired ones count until a sweep, about once a minute, finds them. */
  pendingAt(now: number): number {
    if (now - this.sweptAt >= sweepEvery) {
      this.sweptAt = now;
      this.batches = this.batches.filter(({ expiresAt }) => expiresAt > now);
    }
    return this.count();
  }

  private count(): number {
    return this.batches.reduce((sum, { count }) => sum + count, 0);
  }

  private bytes(): number {
    return this.batches.reduce((sum, { count, bytes }) => sum + count * bytes, 0);
  }
}
