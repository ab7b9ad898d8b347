/**
 * How far a partition has been read without a hole: what was never seen would be committed with what follows. When the fetch from the
 * place in question leaves it out again, it is gone from the log (retention, compaction).
 */
export class ReadPosition {
  /** Where a fetch first seemed to have left something out. */
  private holeAt: number | undefined;

  /** @param next_ the next offset to be read */
  constructor(private next_: number) {}

  get next(): number {
    return this.next_;
  }

  /** Whether a fetch from there leaves nothing out. If it does, seek back to {@link next} and ask again. */
  follows(from: number): boolean {
    const follows = from <= this.next_ || this.holeAt === this.next_;
    this.holeAt = follows ? undefined : this.next_;
    return follows;
  }

  /** Everything before that offset has been read; an earlier one changes nothing. */
  reach(next: number): void {
    this.next_ = Math.max(this.next_, next);
  }
}
