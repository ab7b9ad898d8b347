import { HEADERS, parseTraceparent, readableText, type HeaderName } from '@onceline/contracts';
import { DEAD_LETTER_REASONS, FAILURE_KINDS, type DeadLetterReason, type FailureKind } from './next-hop.js';

/** Whose failure it is: our own, or that of somebody else's endpoint. */
export const FAILURE_CLASSES = ['pipeline', 'destination'] as const;

/** One of {@link FAILURE_CLASSES}. */
export type FailureClass = (typeof FAILURE_CLASSES)[number];

/** The most that a header may say: lengths in characters, of identities in bytes; counts; times in milliseconds since the epoch. */
export const FAILURE_LIMITS = {
  /** More than any ladder has tries. */
  attempts: 1000,
  redrives: 1000,
  code: 128,
  message: 1024,
  handlerVersion: 128,
  botId: 64,
  conversation: 512,
  idempotencyKeyBytes: 1024,
  redriveIdBytes: 128,
  /** In 2001: no record is older, and seconds in place of milliseconds lie before it. */
  earliestMs: 1_000_000_000_000,
  /** The end of the years that RFC 3339 and PostgreSQL write alike. */
  latestMs: Date.UTC(10_000, 0) - 1,
  /** What is past cannot be later than this from now: clocks of two machines differ by less. */
  clockSlackMs: 86_400_000,
} as const;

/** Where a record that failed was read for the first time. */
export interface FailureOrigin {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
}

/** What a record says of its failures, within {@link FAILURE_LIMITS}; undefined where it says nothing, or nothing that can be true. */
export interface FailureHeaders {
  readonly idempotencyKey: string | undefined;
  readonly botId: string | undefined;
  readonly conversation: string | undefined;
  readonly kind: FailureKind | undefined;
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly class: FailureClass | undefined;
  readonly handlerVersion: string | undefined;
  readonly deadLetterReason: DeadLetterReason | undefined;
  /** Tries made so far. */
  readonly attempt: number | undefined;
  /** Milliseconds since the epoch, as all times here. */
  readonly firstFailedAt: number | undefined;
  readonly retriedAt: number | undefined;
  readonly dueAt: number | undefined;
  readonly origin: FailureOrigin | undefined;
  readonly traceId: string | undefined;
  readonly redriveId: string | undefined;
  readonly redriveCount: number | undefined;
  /** Headers that were not taken as they came: cut, clamped or left out. To be counted. */
  readonly distrusted: readonly HeaderName[];
}

/** Every header that {@link readFailureHeaders} reads, and may distrust. */
export const FAILURE_HEADER_NAMES: readonly HeaderName[] = [
  HEADERS.idempotencyKey,
  HEADERS.botId,
  HEADERS.conversation,
  HEADERS.failureKind,
  HEADERS.failureCode,
  HEADERS.failureMessage,
  HEADERS.failureClass,
  HEADERS.handlerVersion,
  HEADERS.deadLetterReason,
  HEADERS.attempt,
  HEADERS.firstFailedAt,
  HEADERS.retriedAt,
  HEADERS.dueAt,
  HEADERS.originTopic,
  HEADERS.originPartition,
  HEADERS.originOffset,
  HEADERS.originTimestamp,
  HEADERS.traceparent,
  HEADERS.redriveId,
  HEADERS.redriveCount,
];

/**
 * The one reader of the headers that failures leave on a record. Whoever can write to the topic may have written them, so nothing is
 * believed beyond its bounds, and nothing in them is a reason to stop.
 * @param now milliseconds since the epoch: when the record is read, or was appended
 */
export function readFailureHeaders(headers: Readonly<Record<string, string>>, now: number): FailureHeaders {
  const read = new DistrustingReader(headers, now);
  return {
    idempotencyKey: read.identity(HEADERS.idempotencyKey, FAILURE_LIMITS.idempotencyKeyBytes),
    botId: read.text(HEADERS.botId, FAILURE_LIMITS.botId),
    conversation: read.text(HEADERS.conversation, FAILURE_LIMITS.conversation),
    kind: read.oneOf(HEADERS.failureKind, FAILURE_KINDS),
    code: read.text(HEADERS.failureCode, FAILURE_LIMITS.code),
    message: read.text(HEADERS.failureMessage, FAILURE_LIMITS.message),
    class: read.oneOf(HEADERS.failureClass, FAILURE_CLASSES),
    handlerVersion: read.text(HEADERS.handlerVersion, FAILURE_LIMITS.handlerVersion),
    deadLetterReason: read.oneOf(HEADERS.deadLetterReason, DEAD_LETTER_REASONS),
    attempt: read.count(HEADERS.attempt, FAILURE_LIMITS.attempts),
    firstFailedAt: read.pastDate(HEADERS.firstFailedAt),
    retriedAt: read.past(HEADERS.retriedAt),
    dueAt: read.time(HEADERS.dueAt),
    origin: read.origin(),
    traceId: read.traceId(),
    redriveId: read.identity(HEADERS.redriveId, FAILURE_LIMITS.redriveIdBytes),
    redriveCount: read.count(HEADERS.redriveCount, FAILURE_LIMITS.redrives),
    distrusted: read.distrusted,
  };
}

const { earliestMs: EARLIEST, latestMs: LATEST, clockSlackMs: CLOCK_SLACK } = FAILURE_LIMITS;
const WHOLE_NUMBER = /^\d+$/;
const TOPIC = /^[\w.-]{1,249}$/;
const MOST_PARTITIONS = 2 ** 31 - 1;
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

class DistrustingReader {
  readonly distrusted: HeaderName[] = [];

  constructor(
    private readonly headers: Readonly<Record<string, string>>,
    private readonly now: number,
  ) {}

  /** Cut where it is too long. */
  text(name: HeaderName, longest: number): string | undefined {
    const value = this.headers[name];
    if (value === undefined || value === '') return undefined;
    // Half a character at the cut is no text either.
    const text = readableText(readableText(value).slice(0, longest));
    return text === value ? value : this.instead(name, text);
  }

  /** As it is or not at all: what is cut is another identity. */
  identity(name: HeaderName, mostBytes: number): string | undefined {
    const value = this.headers[name];
    if (value === undefined || value === '') return undefined;
    const isUsable = Buffer.byteLength(value) <= mostBytes && readableText(value) === value;
    return isUsable ? value : this.instead(name, undefined);
  }

  oneOf<Value extends string>(name: HeaderName, known: readonly Value[]): Value | undefined {
    const value = this.headers[name];
    if (value === undefined) return undefined;
    return known.find((one) => one === value) ?? this.instead(name, undefined);
  }

  /** The most where it says more. */
  count(name: HeaderName, most: number): number | undefined {
    const number = this.number(name);
    return number === undefined || number <= most ? number : this.instead(name, most);
  }

  /** The nearest that can be where it says less or more, so that it still says which. */
  time(name: HeaderName): number | undefined {
    const number = this.number(name);
    if (number === undefined) return undefined;
    const time = Math.min(Math.max(number, EARLIEST), LATEST);
    return time === number ? time : this.instead(name, time);
  }

  past(name: HeaderName): number | undefined {
    return this.within(name, this.number(name), { least: EARLIEST, most: this.latestPast() });
  }

  pastDate(name: HeaderName): number | undefined {
    const value = this.headers[name];
    if (value === undefined) return undefined;
    const milliseconds = RFC_3339.test(value) ? Date.parse(value) : Number.NaN;
    return this.within(name, milliseconds, { least: EARLIEST, most: this.latestPast() });
  }

  /** All of it or nothing: a part is no place. */
  origin(): FailureOrigin | undefined {
    const topic = this.topic(HEADERS.originTopic);
    const partition = this.upTo(HEADERS.originPartition, MOST_PARTITIONS);
    const offset = this.upTo(HEADERS.originOffset, Number.MAX_SAFE_INTEGER);
    const timestamp = this.upTo(HEADERS.originTimestamp, LATEST);
    if (topic === undefined || partition === undefined || offset === undefined || timestamp === undefined)
      return undefined;
    return { topic, partition, offset, timestamp };
  }

  traceId(): string | undefined {
    const value = this.headers[HEADERS.traceparent];
    if (value === undefined) return undefined;
    return parseTraceparent(value)?.traceId ?? this.instead(HEADERS.traceparent, undefined);
  }

  private topic(name: HeaderName): string | undefined {
    const value = this.headers[name];
    return value === undefined || TOPIC.test(value) ? value : this.instead(name, undefined);
  }

  private latestPast(): number {
    return Math.min(this.now + CLOCK_SLACK, LATEST);
  }

  private upTo(name: HeaderName, most: number): number | undefined {
    return this.within(name, this.number(name), { least: 0, most });
  }

  private within(
    name: HeaderName,
    number: number | undefined,
    { least, most }: { least: number; most: number },
  ): number | undefined {
    if (number === undefined || (number >= least && number <= most)) return number;
    return this.instead(name, undefined);
  }

  /** Any number of digits, so that it may be larger than all that is counted. */
  private number(name: HeaderName): number | undefined {
    const value = this.headers[name];
    if (value === undefined) return undefined;
    return WHOLE_NUMBER.test(value) ? Number(value) : this.instead(name, undefined);
  }

  private instead<Value>(name: HeaderName, value: Value): Value {
    this.distrusted.push(name);
    return value;
  }
}
