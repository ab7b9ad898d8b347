/** A rest that can be cut short. A wake-up while nobody rests is kept for the next rest. */
export class WakeUp {
  private pending = false;
  private wakeNow: (() => void) | undefined;

  wake(): void {
    this.pending = true;
    this.wakeNow?.();
  }

  async rest(longestMs: number): Promise<void> {
    if (!this.pending) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, longestMs);
        this.wakeNow = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.wakeNow = undefined;
    this.pending = false;
  }
}
