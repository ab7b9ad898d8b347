import { OUTCOMES } from '@onceline/contracts';
import type { Contradiction } from './findings.js';
import { Column, TextIndex, TopicRows } from './columns.js';
import { WaitingBooks } from './waiting-books.js';

/** One record of an update topic as the checker's readers hand it in. */
export interface UpdateEntry {
  readonly partition: number;
  readonly offset: number;
  /** Worked out from the bytes, never taken from a header; null when the bytes are no update. */
  readonly key: string | null;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  readonly payloadHash: number;
}

/** One record of the duplicates topic. */
export interface DuplicateEntry {
  /** Where the record itself lies in the duplicates topic. */
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  /** The refused copy in raw, and the first copy in the same partition. */
  readonly copy: { readonly partition: number; readonly offset: number; readonly receivedAt: number };
  readonly firstOffset: number;
}

/** One record of dedupe's dead-letter topic. */
export interface DedupeDeadLetterEntry {
  /** Position of the copy in raw. */
  readonly partition: number;
  readonly offset: number;
  readonly receivedAt: number;
  readonly collision: boolean;
}

/** One row of the ledger. */
export interface LedgerEntry {
  readonly key: string;
  readonly outcome: string;
  readonly ticketId: string | null;
  /** Position in unique. */
  readonly partition: number;
  readonly offset: number;
  readonly receivedAt: number;
  /** Tries made since the update, or its last redrive, came in. */
  readonly attempts: number;
  /** The last redrive taken. */
  readonly redriveId: string | null;
}

/** How far each stage said it had come, and where each log began, when the audit started. Indexed by partition. */
export interface Bounds {
  readonly dedupeCommitted: readonly (number | null)[];
  readonly ticketingCommitted: readonly (number | null)[];
  readonly ticketingDuplicatesCommitted: readonly (number | null)[];
  readonly rawLow: readonly number[];
  readonly uniqueLow: readonly number[];
  readonly uniqueHigh: readonly number[];
  readonly seenLow: readonly number[];
  readonly ticketEventsHigh: readonly number[];
  readonly ticketingDeadLetterHigh: readonly number[];
}

/** One row of ticketing's event table. */
export interface EventEntry {
  readonly ticketId: string;
  readonly version: number;
  /** The update that caused it. */
  readonly key: string;
  readonly eventId: string;
  readonly recordedAt: number;
  /** Whether it is a message that became part of the ticket. */
  readonly isMessage: boolean;
  /** Checksum of the bytes to be published. */
  readonly payloadHash: number;
  /** Whether the relay's cursor is past it. */
  readonly relayed: boolean;
}

/** One record of `tickets.events`. */
export interface PublishedEntry {
  readonly partition: number;
  readonly offset: number;
  readonly eventId: string;
  readonly payloadHash: number;
}

/** Milliseconds since the epoch, indexed by partition: `-Infinity` where nothing was deleted, `Infinity` where nothing is left. */
export interface WholeSince {
  readonly ticketEvents: readonly number[];
  readonly ticketingDeadLetters: readonly number[];
}

const NO_BOUNDS: Bounds = {
  dedupeCommitted: [],
  ticketingCommitted: [],
  ticketingDuplicatesCommitted: [],
  rawLow: [],
  uniqueLow: [],
  uniqueHigh: [],
  seenLow: [],
  ticketEventsHigh: [],
  ticketingDeadLetterHigh: [],
};

const UNKNOWN_OUTCOME = -1;

const unreadableKey = (topic: string, at: { partition: number; offset: number }) =>
  `unreadable:${topic}:${at.partition}@${at.offset}`;

/** One record of ticketing's dead-letter topic. */
export interface DeadLetterEntry {
  readonly key: string;
  readonly redriveId: string | null;
  /** Whether it was there before the tables were read. */
  readonly settled: boolean;
}

/** An update and the redrive by which it failed: each redrive may leave a dead letter of its own. */
export function deadLetterName(key: string, redriveId: string | null): string {
  return `${key}\n${redriveId ?? ''}`;
}

/** Everything the audit judges, in compact columns. Filled by the readers, or by a test that plants a fault. */
export class Books {
  bounds: Bounds = NO_BOUNDS;
  readonly keys = new TextIndex();
  readonly ticketIds = new TextIndex();
  readonly raw = new TopicRows();
  readonly unique = new TopicRows();
  /** Keys of the records in seen. */
  readonly seen = new Column(Int32Array);
  readonly duplicates = {
    key: new Column(Int32Array),
    partition: new Column(Int32Array),
    offset: new Column(Float64Array),
    copyPartition: new Column(Int32Array),
    copyOffset: new Column(Float64Array),
    copyReceivedAt: new Column(Float64Array),
    firstOffset: new Column(Float64Array),
  };
  readonly dedupeDeadLetters = {
    partition: new Column(Int32Array),
    offset: new Column(Float64Array),
    receivedAt: new Column(Float64Array),
    collision: new Column(Uint8Array),
  };
  readonly ledger = {
    key: new Column(Int32Array),
    outcome: new Column(Int32Array),
    ticket: new Column(Int32Array),
    partition: new Column(Int32Array),
    offset: new Column(Float64Array),
    receivedAt: new Column(Float64Array),
    attempts: new Column(Int32Array),
    /** Number of the redrive's id, -1 without one. */
    redrive: new Column(Int32Array),
  };
  /** What waits, where, and how it goes on. */
  readonly waiting = new WaitingBooks();
  /** Copies that the database recorded as duplicates, by their position in raw. */
  readonly recordedDuplicates = new TopicRows();
  /** Records of ticketing's dead-letter topic, by {@link deadLetterName}. */
  readonly ticketingDeadLetters = new Map<string, DeadLetterEntry>();
  readonly events = {
    ticket: new Column(Int32Array),
    version: new Column(Float64Array),
    key: new Column(Int32Array),
    eventId: new Column(Int32Array),
    recordedAt: new Column(Float64Array),
    isMessage: new Column(Uint8Array),
    payloadHash: new Column(Uint32Array),
    relayed: new Column(Uint8Array),
  };
  readonly eventIds = new TextIndex();
  /** Records of tickets.events. */
  readonly published = {
    eventId: new Column(Int32Array),
    payloadHash: new Column(Uint32Array),
    /** 1 when it was there before the tables were read. */
    settled: new Column(Uint8Array),
  };
  /** From when on each topic that the relay writes is whole, by partition: what was recorded earlier may be gone by retention. */
  wholeSince: WholeSince = { ticketEvents: [], ticketingDeadLetters: [] };
  /** Tickets of the read model. */
  readonly tickets = new Column(Int32Array);
  /** From one chat to another. */
  readonly movedTickets = new Set<number>();
  /** Which ticket each message is in: `bot:chat:message` beside the ticket. */
  readonly messages = { meaning: new Column(Int32Array), ticket: new Column(Int32Array) };
  readonly meanings = new TextIndex();
  /** What a reader found that nobody can book: rows that do not fit each other, records that cannot be read. */
  readonly faults: (Contradiction & { readonly at?: number })[] = [];

  /** Keys made up for raw records whose bytes are no update. */
  readonly unreadable = new Set<number>();

  addRaw(entry: UpdateEntry): void {
    const key = this.keys.idOf(entry.key ?? unreadableKey('raw', entry));
    if (entry.key === null) this.unreadable.add(key);
    this.raw.add({ ...entry, key });
  }

  addUnique(entry: UpdateEntry): void {
    this.unique.add({ ...entry, key: this.keys.idOf(entry.key ?? unreadableKey('unique', entry)) });
  }

  addSeen(key: string): void {
    this.seen.push(this.keys.idOf(key));
  }

  addDuplicate(entry: DuplicateEntry): void {
    if (!TopicRows.has(entry.copy.partition)) {
      this.faults.push({ rule: 'unreadable-record', subject: `duplicates ${entry.partition}@${entry.offset}` });
      return;
    }
    const rows = this.duplicates;
    rows.key.push(this.keys.idOf(entry.key));
    rows.partition.push(entry.partition);
    rows.offset.push(entry.offset);
    rows.copyPartition.push(entry.copy.partition);
    rows.copyOffset.push(entry.copy.offset);
    rows.copyReceivedAt.push(entry.copy.receivedAt);
    rows.firstOffset.push(entry.firstOffset);
  }

  addDedupeDeadLetter(entry: DedupeDeadLetterEntry): void {
    const rows = this.dedupeDeadLetters;
    rows.partition.push(entry.partition);
    rows.offset.push(entry.offset);
    rows.receivedAt.push(entry.receivedAt);
    rows.collision.push(entry.collision ? 1 : 0);
  }

  addLedgerRow(entry: LedgerEntry): void {
    const rows = this.ledger;
    const outcome = (OUTCOMES as readonly string[]).indexOf(entry.outcome);
    rows.key.push(this.keys.idOf(entry.key));
    rows.outcome.push(outcome < 0 ? UNKNOWN_OUTCOME : outcome);
    rows.ticket.push(entry.ticketId === null ? -1 : this.ticketIds.idOf(entry.ticketId));
    rows.partition.push(entry.partition);
    rows.offset.push(entry.offset);
    rows.receivedAt.push(entry.receivedAt);
    rows.attempts.push(entry.attempts);
    rows.redrive.push(entry.redriveId === null ? -1 : this.waiting.redrives.idOf(entry.redriveId));
  }

  addRecordedDuplicate(copy: { partition: number; offset: number; key: string }): void {
    if (!TopicRows.has(copy.partition)) {
      this.faults.push({ rule: 'recorded-duplicate-without-copy', subject: copy.key });
      return;
    }
    this.recordedDuplicates.add({ ...copy, key: this.keys.idOf(copy.key), receivedAt: 0, payloadHash: 0 });
  }

  addTicketingDeadLetter(letter: DeadLetterEntry): void {
    const name = deadLetterName(letter.key, letter.redriveId);
    const known = this.ticketingDeadLetters.get(name);
    this.ticketingDeadLetters.set(name, { ...letter, settled: letter.settled || known?.settled === true });
  }

  addEvent(event: EventEntry): void {
    const rows = this.events;
    rows.ticket.push(this.ticketIds.idOf(event.ticketId));
    rows.version.push(event.version);
    rows.key.push(this.keys.idOf(event.key));
    rows.eventId.push(this.eventIds.idOf(event.eventId));
    rows.recordedAt.push(event.recordedAt);
    rows.isMessage.push(event.isMessage ? 1 : 0);
    rows.payloadHash.push(event.payloadHash);
    rows.relayed.push(event.relayed ? 1 : 0);
  }

  addMovedTicket(ticketId: string): void {
    this.movedTickets.add(this.ticketIds.idOf(ticketId));
  }

  addPublishedEvent(record: PublishedEntry): void {
    this.published.eventId.push(this.eventIds.idOf(record.eventId));
    this.published.payloadHash.push(record.payloadHash);
    this.published.settled.push(record.offset < (this.bounds.ticketEventsHigh[record.partition] ?? 0) ? 1 : 0);
  }

  addTicket(ticketId: string): void {
    this.tickets.push(this.ticketIds.idOf(ticketId));
  }

  addTicketMessage(message: { botId: string; chatId: string; messageId: number; ticketId: string }): void {
    this.messages.meaning.push(this.meanings.idOf(`${message.botId}:${message.chatId}:${message.messageId}`));
    this.messages.ticket.push(this.ticketIds.idOf(message.ticketId));
  }
}
