/** Telegram's three limits, per bot: more updates than this, more JSON than this, or longer than this, and they are gone. */
export const MOST_PENDING = 100_000;
export const MOST_BYTES = 128 * 1024 * 1024;
export const LONGEST_SECONDS = 24 * 60 * 60;

export const LIMITS = ['count', 'bytes', 'age'] as const;
export type Limit = (typeof LIMITS)[number];

/** Seconds until each limit is reached; 0 when it is. Never more than 24 h: that long lives an update that comes now. */
export type TimeToLoss = Readonly<Record<Limit, number>>;

/** What is known of a bot's waiting updates. */
export interface Backlog {
  readonly pending: number;
  /** By which `pending` grows, negative when it shrinks. */
  readonly growthPerSecond: number;
  readonly bytesPerUpdate: number;
  /** Age that the oldest waiting update may have. */
  readonly oldestSeconds: number;
}

/** Supposes that things go on as they do: nothing is lost sooner than the smallest of the three says. */
export function timeToLoss({ pending, growthPerSecond, bytesPerUpdate, oldestSeconds }: Backlog): TimeToLoss {
  return {
    count: secondsUntil(MOST_PENDING - pending, growthPerSecond),
    bytes: secondsUntil(MOST_BYTES - pending * bytesPerUpdate, growthPerSecond * bytesPerUpdate),
    age: bounded(LONGEST_SECONDS - oldestSeconds),
  };
}

/** The limit that is reached first. */
export function nearestLimit(times: TimeToLoss): Limit {
  return LIMITS.reduce((nearest, limit) => (times[limit] < times[nearest] ? limit : nearest));
}

/** A full store does not grow, and yet everything that comes is lost: 0 whatever the growth. */
function secondsUntil(room: number, growthPerSecond: number): number {
  if (room <= 0) return 0;
  return growthPerSecond > 0 ? bounded(room / growthPerSecond) : LONGEST_SECONDS;
}

function bounded(seconds: number): number {
  return Math.min(LONGEST_SECONDS, Math.max(0, seconds));
}
