import { measuredNow, neverMeasured } from './metrics.js';

/** What is measured, and how often. */
export interface MeasurementOptions {
  /** What is measured: names it in `onceline_measured_timestamp_seconds`. */
  readonly work: string;
  readonly everyMs: number;
  readonly measure: () => Promise<void>;
  /** It is made again at the next turn, whatever it was. */
  readonly onFailure: (error: unknown) => void;
}

/** Longer than any answer takes that is still worth having. A broker that is away would hold the stop for a quarter of a minute. */
const STOP_WITHIN_MS = 2000;

/** Measures beside the work, at once and then now and then: never twice at the same time, and the stop waits for the one in hand. */
export class Measurement {
  private timer: NodeJS.Timeout | undefined;
  private inHand: Promise<void> | undefined;
  private stopped = false;

  constructor(private readonly options: MeasurementOptions) {
    neverMeasured(options.work);
  }

  start(): void {
    if (this.timer !== undefined || this.stopped) return;
    this.timer = setInterval(() => this.turn(), this.options.everyMs);
    this.turn();
  }

  /** Ends for good. What the one in hand still says after that is nobody's trouble any more. */
  async stop(withinMs: number = STOP_WITHIN_MS): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    let limit: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => (limit = setTimeout(resolve, withinMs)));
    await Promise.race([this.inHand, over]);
    clearTimeout(limit);
  }

  private turn(): void {
    this.inHand ??= this.measure().finally(() => (this.inHand = undefined));
  }

  private async measure(): Promise<void> {
    try {
      await this.options.measure();
      measuredNow(this.options.work);
    } catch (error) {
      if (!this.stopped) this.options.onFailure(error);
    }
  }
}

/** One after the other; what fails for one keeps none of the others from being measured. @throws the first failure, at the end */
export async function eachOf<T>(items: Iterable<T>, measure: (item: T) => Promise<unknown>): Promise<void> {
  const failures: unknown[] = [];
  for (const item of items) await measure(item).catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}
