/*
 * How fast Telegram opens connections to one webhook.
 *
 *   active     an update was acknowledged in the last 10 s   10 at once, then one per 50 ms; at least one stays open
 *   inactive   otherwise: cold, all failing, all slow        one connection wanted, at most one opened per 2 s
 *
 * So a dead receiver sees half an attempt a second, and after a pause the first update travels alone.
 */

/** A budget that refills with time, as Telegram's flood control keeps it. */
interface Bucket {
  tokens: number;
  at: number;
}

const activeFor = 10;
const active = { burst: 10, perSecond: 20 };
const inactive = { burst: 1, perSecond: 0.5 };

function refill(bucket: Bucket, limit: typeof active, now: number): void {
  bucket.tokens = Math.min(limit.burst, bucket.tokens + (now - bucket.at) * limit.perSecond);
  bucket.at = now;
}

/** What is wanted: open so many now, or look again at a later time (unix seconds), or nothing. */
export interface RampDecision {
  open: number;
  lookAgainAt: number | undefined;
}

/** The facts on which connections are opened. */
export interface RampInput {
  now: number;
  lastSuccess: number | undefined;
  connections: number;
  loadedQueues: number;
  maxConnections: number;
}

/** How many connections Telegram would like to have. */
export function wantedConnections(input: RampInput): { wanted: number; isActive: boolean } {
  const isActive = input.lastSuccess !== undefined && input.now - input.lastSuccess < activeFor;
  const wanted = Math.min(input.maxConnections, input.loadedQueues);
  return isActive ? { wanted: Math.max(1, wanted), isActive } : { wanted: Math.min(1, wanted), isActive };
}

/** Decides when connections are opened. */
export class ConnectionRamp {
  private readonly whenActive: Bucket = { tokens: active.burst, at: -Infinity };
  private readonly whenInactive: Bucket = { tokens: inactive.burst, at: -Infinity };

  /** Decides for this moment, and counts the connections it grants. */
  decide(input: RampInput): RampDecision {
    const { wanted, isActive } = wantedConnections(input);
    const missing = wanted - input.connections;
    if (missing <= 0) return { open: 0, lookAgainAt: undefined };
    const [bucket, limit] = isActive ? [this.whenActive, active] : [this.whenInactive, inactive];
    refill(bucket, limit, input.now);
    // A hair of tolerance, so that a timer that fires on the dot is not sent away by rounding.
    const open = Math.min(missing, Math.floor(bucket.tokens + 1e-6));
    bucket.tokens -= open;
    const lookAgainAt = open < missing ? input.now + (1 - bucket.tokens) / limit.perSecond : undefined;
    return { open, lookAgainAt };
  }
}
