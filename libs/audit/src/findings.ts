import type { Books } from './books.js';

/** What can be wrong besides a loss or a double, in words that end in the key, ticket or position concerned. */
export const CONTRADICTIONS = {
  'unique-without-raw': 'a record in unique whose update is not in raw',
  'duplicate-without-raw': 'a refused copy that is not in raw, or is another update there',
  'duplicate-with-other-payload': 'a copy refused as duplicate although its bytes differ from the first copy',
  'collision-with-same-payload': 'a copy refused as collision although its bytes equal the first copy',
  'dead-letter-without-raw': "a record in dedupe's dead letters whose origin is not in raw",
  'readable-update-dead-lettered': "an update that can be read lies in dedupe's dead letters as malformed",
  'payload-changed': 'the bytes in unique are not those in raw',
  'deleted-unread': 'a log that was deleted further than its reader had come: what lay there is lost',
  'unique-without-seen': 'a record in unique whose key dedupe will not remember',
  'seen-without-unique': 'a key that dedupe remembers, whose update is not in unique',
  'ledger-row-without-update': 'a ledger row whose update is not in unique',
  'ledger-position-differs': 'a ledger row that names a place in unique where its update is not',
  'unreadable-record': 'a record of a topic between services that nobody can read, so that it books nothing',
  'unknown-outcome': 'a ledger row with an outcome outside the list',
  'recorded-duplicate-without-copy': 'a duplicate recorded in the database that the duplicates topic does not have',
  'outcome-without-event': 'a ledger row that names a ticket, without an event of that update',
  'ticket-opened-twice': 'a ticket that two updates opened',
  'event-version-gap': 'a ticket whose events are not numbered 1, 2, 3 …',
  'ticket-without-events': 'a ticket of the read model that has no events',
  'sums-differ': 'an equation that does not come out although every single update does',
  'message-without-event': 'a ticket message without its event, or in another ticket than the event says',
  'message-differs-from-events': 'a ticket message that does not read as the latest of its events says',
  'event-without-message': 'a message event without its ticket message',
  'outcome-without-message-event': 'a ledger row that names a ticket, without an event of that update in it',
  'event-of-nobody': 'an event that neither an update nor somebody who is named has caused, or both',
  'event-without-outcome': 'an event of an update that the ledger books otherwise, or not at all',
  'ticket-differs-from-events': 'a ticket whose version or number of messages is not that of its events',
  'published-event-differs': 'a record in tickets.events whose bytes are not those of the event',
  'published-event-without-row': 'a record in tickets.events without its event',
  'published-out-of-order': 'an event that lies in tickets.events behind a later one of its ticket',
  'conversation-out-of-order': 'a ticket whose messages do not stand in the order in which unique has them',
  'gap-without-dead-letter':
    'a ticket that says an update is missing, which the ledger does not call given up or redriven',
  'parked-without-way-forward': 'a parked update that waits nowhere: no record brings it back, and nothing settles it',
  'retry-overdue': 'a parked update whose next try was due more than an hour ago: what should bring it back does not',
  'parked-twice': 'an update that waits in two places',
  'waits-without-being-parked': 'an update that waits although the ledger books it otherwise, or not at all',
  'follower-without-head': 'an update that waits behind nothing',
  'followers-miscounted': 'a parked conversation that counts other followers than it has',
  'retry-without-parked': 'a record under way to a later try of an update that waits for no such try',
  'waiting-payload-differs': 'an update that waits with other bytes than unique has, although nobody corrected it',
  'dead-letter-without-outcome':
    'a dead letter of an update that the ledger does not call given up, and that nobody redrove',
  'dead-lettered-too-often': 'more dead letters of an update than it failed for good',
  'refused-by-kafka': 'a row of the outbox that Kafka will never take',
  'events-without-ticket': 'events of a ticket that the read model does not have',
} as const;

/** One of {@link CONTRADICTIONS}. */
export type ContradictionRule = keyof typeof CONTRADICTIONS;

/** Something in the books that cannot be. */
export interface Contradiction {
  readonly rule: ContradictionRule;
  /** The idempotency key, ticket id or position concerned. */
  readonly subject: string;
}

/** A stretch of time by `received-at`, in milliseconds since the epoch; `from` included, `to` not. */
export interface TimeRange {
  readonly from?: number;
  readonly to?: number;
}

/** Reports stay readable when everything is wrong: lists end here, counts go on. */
const LISTED = 1000;

/** Collects what is wrong, for the keys in range only. */
export class Findings {
  readonly #missing = new Set<number>();
  readonly #doubled = new Set<number>();
  readonly #doubledMessages = new Set<string>();
  readonly #contradictions: Contradiction[] = [];
  readonly #inRange: Uint8Array;
  readonly #everything: boolean;
  contradictionCount = 0;
  pending = 0;

  constructor(
    private readonly books: Books,
    private readonly range: TimeRange,
  ) {
    this.#inRange = new Uint8Array(books.keys.size);
    this.#everything = range.from === undefined && range.to === undefined;
  }

  covers(receivedAt: number): boolean {
    return receivedAt >= (this.range.from ?? -Infinity) && receivedAt < (this.range.to ?? Infinity);
  }

  /** A key is judged when any of its records lies in the range. */
  noteKey(key: number, receivedAt: number): void {
    if (this.covers(receivedAt)) this.#inRange[key] = 1;
  }

  judges(key: number): boolean {
    return this.#everything || this.#inRange[key] === 1;
  }

  missing(key: number): void {
    if (this.judges(key)) this.#missing.add(key);
  }

  doubled(key: number): void {
    if (this.judges(key)) this.#doubled.add(key);
  }

  doubledMessage(meaning: string): void {
    this.#doubledMessages.add(meaning);
  }

  contradiction(rule: ContradictionRule, subject: number | string): void {
    if (typeof subject === 'number' && !this.judges(subject)) return;
    this.contradictionCount += 1;
    if (this.#contradictions.length >= LISTED) return;
    this.#contradictions.push({
      rule,
      subject: typeof subject === 'number' ? this.books.keys.textOf(subject) : subject,
    });
  }

  get missingCount(): number {
    return this.#missing.size;
  }

  get doubledCount(): number {
    return this.#doubled.size + this.#doubledMessages.size;
  }

  missingKeys(): string[] {
    return listed(this.#missing).map((key) => this.books.keys.textOf(key));
  }

  doubledKeys(): string[] {
    const keys = listed(this.#doubled).map((key) => this.books.keys.textOf(key));
    return [...keys, ...listed(this.#doubledMessages)].slice(0, LISTED);
  }

  contradictions(): readonly Contradiction[] {
    return this.#contradictions;
  }
}

function listed<T>(values: ReadonlySet<T>): T[] {
  const first: T[] = [];
  for (const value of values) {
    if (first.length === LISTED) break;
    first.push(value);
  }
  return first;
}
