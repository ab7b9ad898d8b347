import { OutageBreaker } from '@onceline/retry-policy';

export interface LoopOptions {
  /** One round; answers the milliseconds until the next one. */
  round(): Promise<number>;
  /** A round failed; it is repeated after a pause, whatever it was. */
  onFailure(error: unknown, afterMs: number): void;
}

/** Does something over and over, one round after the other, until it is stopped. */
export class Loop {
  private stopped = false;
  private running: Promise<void> | undefined;
  private endRest: () => void = () => undefined;
  private readonly breaker = new OutageBreaker();

  constructor(private readonly options: LoopOptions) {}

  start(): void {
    this.running ??= this.run();
  }

  /** The next round comes now. */
  wake(): void {
    this.endRest();
  }

  /** Waits for the round in hand. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopped) await this.rest(await this.round());
  }

  private async round(): Promise<number> {
    try {
      const afterMs = await this.options.round();
      this.breaker.answered();
      return afterMs;
    } catch (error) {
      const afterMs = this.breaker.failed('the round failed', Date.now());
      this.options.onFailure(error, afterMs);
      return afterMs;
    }
  }

  private async rest(milliseconds: number): Promise<void> {
    if (this.stopped) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.endRest = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
