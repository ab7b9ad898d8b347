import type { Outcome } from './webhook-connection.js';

/** A distribution, in milliseconds of the simulator's clock. */
export interface LatencySummary {
  count: number;
  mean: number;
  p50: number;
  p90: number;
  p99: number;
  p999: number;
  max: number;
}

const growth = Math.log(1.01);

/** Counts durations in buckets one per cent wide, so that a million of them cost as little as a thousand. */
export class LatencyHistogram {
  private readonly buckets = new Uint32Array(2400);
  private count = 0;
  private sum = 0;
  private max = 0;

  /** Takes milliseconds. */
  record(milliseconds: number): void {
    const microseconds = Math.max(1, milliseconds * 1000);
    const bucket = Math.min(this.buckets.length - 1, Math.ceil(Math.log(microseconds) / growth));
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1;
    this.count++;
    this.sum += milliseconds;
    if (milliseconds > this.max) this.max = milliseconds;
  }

  /** The duration that a share of all stayed within, at most 1 % too high. */
  quantile(share: number): number {
    const rank = Math.ceil(share * this.count);
    let seen = 0;
    for (let bucket = 0; bucket < this.buckets.length && rank > 0; bucket++) {
      seen += this.buckets[bucket] ?? 0;
      if (seen >= rank) return Math.min(this.max, Math.exp(bucket * growth) / 1000);
    }
    return 0;
  }

  summary(): LatencySummary {
    const [p50, p90, p99, p999] = [0.5, 0.9, 0.99, 0.999].map((share) => this.quantile(share)) as [
      number,
      number,
      number,
      number,
    ];
    return {
      count: this.count,
      mean: this.count === 0 ? 0 : this.sum / this.count,
      p50,
      p90,
      p99,
      p999,
      max: this.max,
    };
  }
}

/** What a run has come to. */
export interface SimulatorStats {
  /** Updates that the senders have taken over. */
  delivered: number;
  /** Requests sent for them, repeats included, extra copies not. */
  attempts: number;
  acknowledged: number;
  /** Given up because they expired. */
  dropped: number;
  /** Refused by Telegram's own limits (100,000 updates, 128 MiB, 512 KiB each). */
  refused: number;
  pending: number;
  duplicatesSent: number;
  duplicatesAcknowledged: number;
  /** Copies that are planned or on their way. */
  duplicatesPending: number;
  /** Per status code, and per cause where there was none; extra copies included. */
  byStatus: Record<string, number>;
  /** From sending a request to its 2xx. */
  ackLatency: LatencySummary;
  /** From the moment an update was due at Telegram to its 2xx: waiting, repeats and back-off included. */
  deliveryLatency: LatencySummary;
}

/** The books of all senders of one simulator. */
export class Measures {
  attempts = 0;
  acknowledged = 0;
  refused = 0;
  duplicatesSent = 0;
  duplicatesAcknowledged = 0;
  delivered = 0;
  readonly byStatus: Record<string, number> = {};
  readonly ackLatency = new LatencyHistogram();
  readonly deliveryLatency = new LatencyHistogram();

  /** Counts how a request ended. */
  count(outcome: Outcome): void {
    const name = outcome.type === 'answered' ? String(outcome.response.status) : outcome.cause;
    this.byStatus[name] = (this.byStatus[name] ?? 0) + 1;
  }
}

/** True for the only answers that acknowledge an update. */
export function isAcknowledgement(outcome: Outcome): boolean {
  return outcome.type === 'answered' && outcome.response.status >= 200 && outcome.response.status <= 299;
}
