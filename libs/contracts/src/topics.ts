/** Declares a topic: all that creation and checking need. */
export interface TopicDeclaration {
  readonly name: string;
  readonly partitions: number;
  /** Broker-side settings by their Kafka names, e.g. `retention.ms`. */
  readonly config: Readonly<Record<string, string>>;
  /** Of a topic whose records wait: whose they are, and for how long each waits at least. */
  readonly holds?: { readonly consumer: string; readonly delayMs: number };
}

/** Every topic of the system by its role; those of the retry ladders are named by {@link retryTopicName}. */
export const TOPICS = {
  raw: 'telegram.updates.raw',
  unique: 'telegram.updates.unique',
  seen: 'telegram.updates.seen',
  duplicates: 'telegram.updates.duplicates',
  ingressDeadLetter: 'ingress.dead-letter',
  dedupeDeadLetter: 'dedupe.dead-letter',
  ticketingRedelivery: 'ticketing.redelivery',
  ticketingDeadLetter: 'ticketing.dead-letter',
  ticketEvents: 'tickets.events',
} as const;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Telegram repeats an update for at most this long (Bot API: "not kept longer than 24 hours"). */
export const TELEGRAM_RETENTION_MS = DAY_MS;

/** How long dedupe remembers an idempotency key unless told otherwise. */
export const DEFAULT_DEDUPE_TTL_MS = 72 * HOUR_MS;

/** Partition count of the update topics unless told otherwise. Frozen once the topics exist: dedupe depends on it. */
export const DEFAULT_PARTITIONS = 12;

/** Waits between the tries of ticketing unless told otherwise; the last one repeats. */
export const DEFAULT_TICKETING_RUNGS_MS: readonly number[] = [5000, 30_000, 120_000, 600_000, HOUR_MS];

/** What the declarations depend on. */
export interface TopicSettings {
  /** Partitions of raw, unique, seen and duplicates alike; default {@link DEFAULT_PARTITIONS}. */
  readonly partitions?: number;
  /** Copies of each record; from 3 on, writes need 2 of them. Default 1. */
  readonly replicationFactor?: number;
  /** Milliseconds a key is remembered; default {@link DEFAULT_DEDUPE_TTL_MS}. */
  readonly dedupeTtlMs?: number;
  /** Waits between the tries of ticketing, one topic each; default {@link DEFAULT_TICKETING_RUNGS_MS}. */
  readonly ticketingRungsMs?: readonly number[];
}

/** The topic that holds a consumer's records for one of its waits, e.g. `ticketing.retry.30s`. */
export function retryTopicName(consumer: string, delayMs: number): string {
  const [unit, ms] = UNITS.find(([, size]) => delayMs % size === 0) ?? ['ms', 1];
  return `${consumer}.retry.${delayMs / ms}${unit}`;
}

const UNITS = [
  ['h', HOUR_MS],
  ['m', 60_000],
  ['s', 1000],
] as const;

const RETRY_TOPIC = /^(.+)\.retry\.([1-9]\d{0,9})(ms|s|m|h)$/;

/** What a topic holds by its name alone, as {@link retryTopicName} gives it; `undefined` when it is none of those. */
export function heldIn(topic: string): TopicDeclaration['holds'] {
  const [, consumer, length, unit] = RETRY_TOPIC.exec(topic) ?? [];
  if (consumer === undefined) return undefined;
  const [, ms] = UNITS.find(([name]) => name === unit) ?? ['ms', 1];
  return { consumer, delayMs: Number(length) * ms };
}

/** Kafka's default record limit is 1 MiB with its overhead; a raw body may be 1 MiB itself, and failure headers grow it. */
const MAX_RECORD_BYTES = 2 * 1024 * 1024;
/** What a hop may add in headers. Without it the largest record of one topic would block its partition for ever at the next. */
const HOP_BYTES = 256 * 1024;
/** A byte that is no UTF-8 is read as U+FFFD and written as three, and base64 of what is sealed makes four of three: so much can an event outgrow its update. */
const MAX_EVENT_BYTES = 4 * MAX_RECORD_BYTES + HOP_BYTES;

/** Every topic with its partition count and settings: the one list that creation, checks and docs follow. */
export function topicDeclarations(settings: TopicSettings = {}): readonly TopicDeclaration[] {
  const partitions = settings.partitions ?? DEFAULT_PARTITIONS;
  const dedupeTtlMs = settings.dedupeTtlMs ?? DEFAULT_DEDUPE_TTL_MS;
  const common = {
    'min.insync.replicas': (settings.replicationFactor ?? 1) >= 3 ? '2' : '1',
    'max.message.bytes': String(MAX_RECORD_BYTES),
    'unclean.leader.election.enable': 'false',
  };
  /** @param hops how many steps lie between a topic's records and the raw ones whose bytes they carry */
  const kept = (retentionMs: number, hops = 0): TopicDeclaration['config'] => ({
    ...common,
    'max.message.bytes': String(MAX_RECORD_BYTES + hops * HOP_BYTES),
    'cleanup.policy': 'delete',
    'retention.ms': String(retentionMs),
  });
  return [
    { name: TOPICS.raw, partitions, config: kept(7 * DAY_MS) },
    { name: TOPICS.unique, partitions, config: kept(365 * DAY_MS, 1) },
    { name: TOPICS.seen, partitions, config: { ...common, ...seenCleanup(dedupeTtlMs) } },
    { name: TOPICS.duplicates, partitions, config: kept(14 * DAY_MS) },
    { name: TOPICS.ingressDeadLetter, partitions: 1, config: kept(30 * DAY_MS) },
    { name: TOPICS.dedupeDeadLetter, partitions, config: kept(30 * DAY_MS, 1) },
    ...rungsOf('ticketing', settings.ticketingRungsMs ?? DEFAULT_TICKETING_RUNGS_MS).map((rung) => ({
      ...rung,
      partitions,
      config: kept(30 * DAY_MS, 2),
    })),
    { name: TOPICS.ticketingRedelivery, partitions, config: kept(30 * DAY_MS, 2) },
    { name: TOPICS.ticketingDeadLetter, partitions, config: kept(30 * DAY_MS, 2) },
    {
      name: TOPICS.ticketEvents,
      partitions,
      config: { ...kept(365 * DAY_MS), 'max.message.bytes': String(MAX_EVENT_BYTES) },
    },
  ];
}

/** Rungs of the same length share a topic. */
function rungsOf(consumer: string, rungsMs: readonly number[]): Pick<TopicDeclaration, 'name' | 'holds'>[] {
  return [...new Set(rungsMs)].map((delayMs) => ({
    name: retryTopicName(consumer, delayMs),
    holds: { consumer, delayMs },
  }));
}

/** Keys are unique, so deletion by time does the work; compaction only folds what was marked twice. */
function seenCleanup(dedupeTtlMs: number): Record<string, string> {
  return {
    'cleanup.policy': 'compact,delete',
    'retention.ms': String(dedupeTtlMs + DAY_MS),
    'segment.ms': String(Math.floor(dedupeTtlMs / 10)),
    'segment.bytes': String(64 * 1024 * 1024),
    'message.timestamp.type': 'CreateTime',
  };
}
