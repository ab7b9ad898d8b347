/** Between which rests chance chooses. */
export interface OutageBreakerOptions {
  /** No rest is shorter. */
  readonly firstMs: number;
  /** No rest is longer. */
  readonly longestMs: number;
  /** From 0 to 1. */
  readonly random?: () => number;
}

/**
 * How long consumption rests while what all records need is away: full jitter between the first rest and a ceiling that doubles
 * up to the longest. The batch handed over again afterwards is the probe; no try is spent.
 */
export class OutageBreaker {
  private failures = 0;
  private because: string | undefined;
  private until = 0;

  constructor(private readonly options: OutageBreakerOptions = { firstMs: 1000, longestMs: 30_000 }) {}

  state(now: number): 'closed' | 'half-open' | 'open' {
    if (this.because === undefined) return 'closed';
    return now >= this.until ? 'half-open' : 'open';
  }

  /** Why consumption rests, undefined while it runs. */
  reason(): string | undefined {
    return this.because;
  }

  /** Milliseconds until the next probe. */
  restMs(now: number): number {
    return this.because === undefined ? 0 : Math.max(0, this.until - now);
  }

  /** Answers the milliseconds until the next probe. */
  failed(reason: string, now: number): number {
    const { firstMs, longestMs, random = Math.random } = this.options;
    const ceiling = Math.max(firstMs, Math.min(longestMs, firstMs * 2 ** (this.failures + 1)));
    this.failures += 1;
    this.because = reason;
    const restMs = Math.round(firstMs + random() * (ceiling - firstMs));
    this.until = now + restMs;
    return restMs;
  }

  answered(): void {
    this.failures = 0;
    this.because = undefined;
    this.until = 0;
  }
}
