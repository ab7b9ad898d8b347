/** Keeps the membership alive while handlers work: kafkajs sends no heartbeat of its own then. */

/** A timer that runs only while something is being handled. */
export class Heartbeats {
  private active = 0;
  private timer: NodeJS.Timeout | undefined;
  private beat: (() => Promise<void>) | undefined;

  constructor(
    private readonly intervalMs: number,
    /** The coordinator wants this member to rejoin, or does not know it any more. */
    private readonly onRefused: (error: unknown) => void,
  ) {}

  async during<T>(beat: () => Promise<void>, work: () => Promise<T>): Promise<T> {
    this.beat = beat;
    this.active++;
    this.timer ??= setInterval(() => void this.send(), this.intervalMs);
    try {
      return await work();
    } finally {
      if (--this.active === 0) this.stop();
    }
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private async send(): Promise<void> {
    try {
      await this.beat?.();
    } catch (error) {
      this.onRefused(error);
    }
  }
}
