/** When there are too many dead letters. */
export interface DeadLetterWatchOptions {
  /** Part of the records, from 0 to 1, that may end as dead letters. */
  readonly share: number;
  /** Fewer records than these say nothing. */
  readonly records: number;
  readonly windowMs: number;
  /** A stopped consumer tries itself out this often. */
  readonly trialEveryMs: number;
}

/** Records that were handled, and how many of them ended as dead letters. */
export interface Counted {
  readonly records: number;
  readonly dead: number;
}

/** Counts dead letters among the records of a sliding window. */
export class DeadLetterWatch {
  private batches: (Counted & { readonly at: number })[] = [];

  constructor(private readonly options: DeadLetterWatchOptions) {}

  get trialEveryMs(): number {
    return this.options.trialEveryMs;
  }

  /** Answers why there are too many now, in words; undefined while there are not. */
  add(counted: Counted, now: number): string | undefined {
    const { windowMs, records: fewest } = this.options;
    this.batches = [...this.batches.filter(({ at }) => at > now - windowMs), { ...counted, at: now }];
    const records = sum(this.batches.map((batch) => batch.records));
    const dead = sum(this.batches.map((batch) => batch.dead));
    if (records < fewest || !this.isTooMany({ records, dead })) return undefined;
    return `${dead} of ${records} records of the last ${windowMs / 1000} s ended as dead letters`;
  }

  isTooMany({ records, dead }: Counted): boolean {
    return dead > records * this.options.share;
  }

  reset(): void {
    this.batches = [];
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
