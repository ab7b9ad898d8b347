/** Notices a consumer that lives but no longer fetches. kafkajs has been seen to heartbeat on without fetching anything. */

/** What the watchdog watches and what it does. */
export interface Watched {
  /** Records waiting in the assigned partitions, asked of the broker; rejects when the broker is away. */
  lag(): Promise<number>;
  onStuck(): void;
}

/** A healthy consumer fetches every few hundred milliseconds, whatever its handler does: silence is suspicious, waiting records are proof. */
export class Watchdog {
  private lastSign = Date.now();
  private asking = false;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly silenceMs: number,
    private readonly watched: Watched,
  ) {
    this.timer = setInterval(() => void this.look(), silenceMs / 4);
    this.timer.unref();
  }

  /** The consumer fetched or finished something. */
  sign(): void {
    this.lastSign = Date.now();
  }

  /** Whether there was a sign of life within this time. */
  isFresh(ms: number): boolean {
    return Date.now() - this.lastSign < ms;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    if (this.asking || Date.now() - this.lastSign < this.silenceMs) return;
    this.asking = true;
    try {
      const lag = await this.watched.lag();
      if (lag > 0 && Date.now() - this.lastSign >= this.silenceMs) {
        this.sign();
        this.watched.onStuck();
      }
    } catch {
      // The broker is away: that explains the silence, and the client reconnects by itself.
      this.sign();
    } finally {
      this.asking = false;
    }
  }
}
