import { TextIndex } from './columns.js';

/** An update on its way to a later try: which one, after how many tries, and by which redrive. */
export interface Delivery {
  readonly key: string;
  readonly attempt: number;
  readonly redriveId: string | null;
}

/** The update that a parked conversation waits for. */
export interface HeadEntry extends Delivery {
  readonly conversation: string;
  /** How many the row says wait behind it. */
  readonly followers: number;
  /** Milliseconds since its next try was due when the tables were read; negative before that. */
  readonly overdueMs: number;
}

/** An update that waits behind a head. */
export interface FollowerEntry {
  readonly conversation: string;
  readonly key: string;
  /** The redrive that brought it, if one did. */
  readonly redriveId: string | null;
  /** Checksum of the bytes that wait. */
  readonly payloadHash: number;
}

/** A record in a retry topic or in the redelivery topic that its reader has not committed. */
export interface UnderWayEntry extends Delivery {
  /** For people: topic, partition and offset. */
  readonly at: string;
  /** Checksum of its bytes. */
  readonly payloadHash: number;
  /** Whether it was there before the tables were read: what came later may be ahead of them. */
  readonly settled: boolean;
}

/** What waits, where, and how it goes on. Few rows against the rest of the books, so they stay objects. */
export class WaitingBooks {
  readonly redrives = new TextIndex();
  readonly heads: HeadEntry[] = [];
  readonly followers: FollowerEntry[] = [];
  /** Rows of the outbox that the relay has not passed: retries and redeliveries. */
  readonly outbox: Delivery[] = [];
  /** Rows of the outbox that the relay has not passed: dead letters. */
  readonly outboxDeadLetters: Delivery[] = [];
  readonly underWay: UnderWayEntry[] = [];
}
