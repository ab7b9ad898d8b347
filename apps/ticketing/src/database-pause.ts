const FIRST_MS = 1000;
const LONGEST_MS = 30_000;

/**
 * How long consumption rests while the database takes nothing: full jitter between one second and a ceiling that doubles
 * up to half a minute. The batch handed over again afterwards is the probe; no try is spent.
 */
export class DatabasePause {
  private failures = 0;
  private because: string | undefined;

  constructor(private readonly random: () => number = Math.random) {}

  /** Why consumption rests, undefined while it runs. */
  reason(): string | undefined {
    return this.because;
  }

  /** Answers the milliseconds until the next probe. */
  begin(reason: string): number {
    const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** (this.failures + 1));
    this.failures += 1;
    this.because = reason;
    return Math.round(FIRST_MS + this.random() * (ceiling - FIRST_MS));
  }

  end(): void {
    this.failures = 0;
    this.because = undefined;
  }
}
