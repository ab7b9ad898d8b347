import type { ReceivedUpdate } from '../intake/to-command.js';
import type { TracedUpdate } from '../store/traced-update.js';

/** The oldest update of a parked conversation that is not settled. */
export interface Head {
  readonly key: string;
  /** Tries so far; the redelivery that counts carries the same number. */
  readonly attempt: number;
  readonly redriveId: string | null;
  /** Milliseconds since the epoch, as all times here. */
  readonly firstFailedAt: number | null;
  readonly dueAt: number;
  readonly failure: { readonly code: string; readonly message: string } | null;
}

/** A conversation that waits, as the database knows it. */
export interface ParkedConversation {
  readonly conversation: string;
  readonly head: Head;
  /** Updates that wait behind the head. */
  readonly followers: number;
  /** Rises with every change: who decides on this one, changes this one or nothing. 64 bits wide, so it stays text. */
  readonly version: string;
}

/** An update that waits behind a head. */
export interface QueuedUpdate {
  readonly update: ReceivedUpdate;
  readonly parkedAt: number;
  /** Its place in the queue; null when it joined in the batch in hand. */
  readonly seq: string | null;
}

/** The first updates of a queue, read together with the version of the conversation. */
export interface LoadedQueue {
  readonly version: string;
  readonly updates: readonly QueuedUpdate[];
}

/** What a batch changes in the parking tables. */
export interface ParkingChanges {
  /** Conversations that must still be as they were read. */
  readonly expected: readonly Pick<ParkedConversation, 'conversation' | 'version'>[];
  readonly parked: readonly { readonly conversation: string; readonly head: Head; readonly followers: number }[];
  readonly changed: readonly { readonly conversation: string; readonly head: Head; readonly followers: number }[];
  readonly released: readonly string[];
  readonly queued: readonly { readonly conversation: string; readonly update: TracedUpdate }[];
  /** Places in the queue that are free. */
  readonly unqueued: readonly { readonly conversation: string; readonly seq: string }[];
}

interface JoinedUpdate extends QueuedUpdate {
  readonly update: TracedUpdate;
}

interface InHand {
  head: Head;
  readonly version: string | null;
  /** In order, as far as they were read or joined in this batch. */
  readonly loaded: QueuedUpdate[];
  /** Updates between those read and those that joined: they are not in hand. */
  readonly beyond: number;
  readonly joined: JoinedUpdate[];
  touched: boolean;
  released: boolean;
}

/**
 * The parked conversations that a batch meets, changed in memory. Pure: the changes are written with everything else that the batch
 * decides, and only if nobody else has changed these conversations meanwhile.
 */
export class ParkedConversations {
  private readonly inHand = new Map<string, InHand>();
  private readonly byHead = new Map<string, string>();
  private readonly unqueued: { conversation: string; seq: string }[] = [];

  constructor(known: Iterable<ParkedConversation>, queues: ReadonlyMap<string, LoadedQueue>) {
    for (const { conversation, head, followers, version } of known) {
      const loaded = [...(queues.get(conversation)?.updates ?? [])];
      const beyond = Math.max(0, followers - loaded.length);
      this.inHand.set(conversation, { head, version, loaded, beyond, joined: [], touched: false, released: false });
      this.byHead.set(head.key, conversation);
    }
  }

  isParked(conversation: string): boolean {
    return this.find(conversation) !== undefined;
  }

  /** The conversation that waits for this update. */
  headedBy(key: string): { conversation: string; head: Head } | undefined {
    const conversation = this.byHead.get(key);
    const found = conversation === undefined ? undefined : this.find(conversation);
    return found?.head.key === key && conversation !== undefined ? { conversation, head: found.head } : undefined;
  }

  /** From now on everything else in the conversation waits for this head. */
  wait(conversation: string, head: Head): void {
    const waiting = this.find(conversation);
    if (waiting) {
      waiting.head = head;
      waiting.touched = true;
    } else {
      // One that was released in this batch is still a row, and changed instead of made.
      const version = this.inHand.get(conversation)?.version ?? null;
      const fresh = { loaded: [], beyond: 0, joined: [], touched: true, released: false };
      this.inHand.set(conversation, { head, version, ...fresh });
    }
    this.byHead.set(head.key, conversation);
  }

  /** Behind all that waits. */
  queue(conversation: string, update: TracedUpdate, parkedAt: number): void {
    const waiting = this.mustFind(conversation);
    waiting.joined.push({ update, parkedAt, seq: null });
    waiting.touched = true;
  }

  /** How many of the next ones can be taken so that the one after them, if there is one, is in hand too. */
  takeable(conversation: string): number {
    const { loaded, beyond, joined } = this.mustFind(conversation);
    return beyond > 0 ? Math.max(0, loaded.length - 1) : loaded.length + joined.length;
  }

  /** Takes the next one out of the queue; undefined when nothing is left. */
  take(conversation: string): QueuedUpdate | undefined {
    const waiting = this.mustFind(conversation);
    const next = waiting.loaded.shift() ?? (waiting.beyond === 0 ? waiting.joined.shift() : undefined);
    if (next === undefined) {
      if (waiting.beyond > 0) throw new Error('the queue was not read');
      return undefined;
    }
    waiting.touched = true;
    if (next.seq !== null) this.unqueued.push({ conversation, seq: next.seq });
    return next;
  }

  /** Nothing waits any more. */
  release(conversation: string): void {
    const waiting = this.mustFind(conversation);
    waiting.released = true;
    waiting.touched = true;
  }

  changes(): ParkingChanges {
    const touched = [...this.inHand].filter(([, { touched }]) => touched);
    const now = touched.filter(([, { released }]) => !released).map(([name, waiting]) => ({ name, waiting }));
    const rows = (isNew: boolean) =>
      now
        .filter(({ waiting }) => (waiting.version === null) === isNew)
        .map(({ name, waiting: { head, loaded, beyond, joined } }) => ({
          conversation: name,
          head,
          followers: loaded.length + beyond + joined.length,
        }));
    return {
      expected: touched.flatMap(([conversation, { version }]) => (version === null ? [] : [{ conversation, version }])),
      parked: rows(true),
      changed: rows(false),
      released: touched.flatMap(([name, { released, version }]) => (released && version !== null ? [name] : [])),
      queued: now.flatMap(({ name, waiting }) => waiting.joined.map(({ update }) => ({ conversation: name, update }))),
      unqueued: this.unqueued,
    };
  }

  private find(conversation: string): InHand | undefined {
    const found = this.inHand.get(conversation);
    return found?.released ? undefined : found;
  }

  private mustFind(conversation: string): InHand {
    const found = this.find(conversation);
    if (!found) throw new Error('the conversation is not parked');
    return found;
  }
}
