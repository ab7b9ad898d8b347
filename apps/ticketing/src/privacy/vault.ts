import type { KeyObject } from 'node:crypto';
import { storedTicketEvent } from '@onceline/contracts';
import type { Session } from '../store/session.js';
import type { PlannedEvent } from '../store/ticket-states.js';
import type { TicketEvent } from '../ticket/events.js';
import { decrypt, encrypt } from './cipher.js';
import type { CustomerKeys } from './customer-keys.js';
import type { Person } from '../ticket/person.js';
import { personalContent, withContent, withoutContent, type PersonalContent } from '../ticket/personal-content.js';

/** A key by its id, and whose it is: after the database was put back to an earlier time an id may be another one's. */
export interface OwnedKey extends Person {
  readonly id: string;
}

/** Events as they are stored, and what they rest on. */
export interface SealedEvents {
  readonly events: readonly PlannedEvent[];
  /** Those that must be there when the events are written. */
  readonly keys: readonly OwnedKey[];
  readonly persons: readonly Person[];
}

/** An event as it was made, or as it is left. */
export interface OpenedEvent<Event extends TicketEvent = TicketEvent> {
  readonly event: Event;
  /** What was personal in it cannot be opened any more. */
  readonly isErased: boolean;
  /** Id of the key that it was opened with; null where it was not sealed, or cannot be opened any more. */
  readonly key: string | null;
}

/** Seals what is personal in events before they are stored, and opens it for those who may read it. */
export class Vault {
  constructor(private readonly keys: CustomerKeys) {}

  async seal(session: Session, planned: readonly PlannedEvent[]): Promise<SealedEvents> {
    const contents = planned.map(({ event }) => personalContent(event));
    const persons = planned.filter((_, index) => contents[index] !== undefined).map(({ person }) => person);
    if (persons.length === 0) return { events: planned, keys: [], persons };
    const keyOf = await this.keys.toSeal(session, persons);
    const keys = new Map<string, OwnedKey>();
    const events = planned.map((each, index) => {
      const content = contents[index];
      if (content === undefined) return each;
      const { id, key } = keyOf(each.person);
      keys.set(id, { id, ...each.person });
      return { ...each, event: sealed(each.event, content, { id, key }) };
    });
    return { events, keys: [...keys.values()], persons };
  }

  /** What was sealed with keys that are no more is sealed anew with others, next time. */
  forget({ persons }: Pick<SealedEvents, 'persons'>): void {
    this.keys.forget(persons);
  }

  /** Payloads as they are stored, in their order. */
  async open(session: Session, payloads: readonly unknown[]): Promise<readonly OpenedEvent[]> {
    const events = payloads.map(storedTicketEvent);
    const keys = await this.keys.toOpen(
      session,
      events.flatMap(({ sealed: seal }) => seal?.key ?? []),
    );
    return events.map((event) => opened(event, keys));
  }
}

function sealed(event: TicketEvent, content: PersonalContent, { id, key }: { id: string; key: KeyObject }) {
  const data = encrypt(key, Buffer.from(JSON.stringify(content)), event.eventId).toString('base64');
  return { ...withoutContent(event), sealed: { key: id, data } };
}

function opened({ sealed: seal, ...bare }: TicketEvent, keys: ReadonlyMap<string, KeyObject>): OpenedEvent {
  const event = bare as TicketEvent;
  if (seal === undefined) return { event, isErased: false, key: null };
  const key = keys.get(seal.key);
  if (!key) return { event, isErased: true, key: null };
  const content = contentIn(seal.data, key, event.eventId);
  if (!content) return { event, isErased: true, key: null };
  return { event: withContent(event, content), isErased: false, key: seal.key };
}

/** Undefined where it was tampered with: whoever reads others must not fail for it. A master key that is wrong is found at the start. */
function contentIn(data: string, key: KeyObject, eventId: string): PersonalContent | undefined {
  try {
    return JSON.parse(decrypt(key, Buffer.from(data, 'base64'), eventId).toString()) as PersonalContent;
  } catch {
    return undefined;
  }
}
