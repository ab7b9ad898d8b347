import { measuredNow, neverMeasured } from './metrics.js';

/** What is measured, and how often. */
export interface MeasurementOptions {
  /** What is measured: names it in `onceline_measured_timestamp_seconds`. */
  readonly work: string;
  readonly everyMs: number;
  readonly measure: () => Promise<void>;
  /** Takes the last figures out of the metrics: nobody knows any more whether they are true. */
  readonly forget: () => void;
  /** It is made again at the next turn, whatever it was. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Of several replicas the worst figure counts, so one that cannot look any more must not go on telling what it saw last. As long as the alert
 * FiguresStale waits before it says that nobody looks.
 */
const STALE_AFTER_MS = 300_000;

/** Longer than any answer takes that is still worth having. A broker that is away would hold the stop for a quarter of a minute. */
const STOP_WITHIN_MS = 2000;

/** Measures beside the work, at once and then now and then: never twice at the same time, and the stop waits for the one in hand. */
export class Measurement {
  private timer: NodeJS.Timeout | undefined;
  private inHand: Promise<void> | undefined;
  private stopped = false;
  private measuredAt = Date.now();

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
    if (Date.now() - this.measuredAt >= STALE_AFTER_MS) {
      this.options.forget();
      // One that hangs is given up: the next one may get through.
      this.inHand = undefined;
      this.measuredAt = Date.now();
    }
    if (this.inHand !== undefined) return;
    const inHand = this.measure().finally(() => {
      if (this.inHand === inHand) this.inHand = undefined;
    });
    this.inHand = inHand;
  }

  private async measure(): Promise<void> {
    try {
      await this.options.measure();
      measuredNow(this.options.work);
      this.measuredAt = Date.now();
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
