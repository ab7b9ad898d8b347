import { storedTicketEvent } from '@onceline/contracts';
import type { Session } from '../store/session.js';
import type { PlannedEvent } from '../store/ticket-states.js';
import type { TicketEvent } from '../ticket/events.js';
import { decrypt, encrypt } from './cipher.js';
import type { CustomerKeys } from './customer-keys.js';
import type { Person } from './person.js';
import { personalContent, withContent, withoutContent, type PersonalContent } from './personal-content.js';

/** Events as they are stored, and what they rest on. */
export interface SealedEvents {
  readonly events: readonly PlannedEvent[];
  /** Ids of keys that must be there when the events are written. */
  readonly keys: readonly string[];
  readonly persons: readonly Person[];
}

/** An event as it was made, or as it is left. */
export interface OpenedEvent<Event extends TicketEvent = TicketEvent> {
  readonly event: Event;
  /** What was personal in it cannot be opened any more. */
  readonly isErased: boolean;
}

/** Seals what is personal in events before they are stored, and opens it for those who may read it. */
export class Vault {
  constructor(private readonly keys: CustomerKeys) {}

  async seal(session: Session, planned: readonly PlannedEvent[]): Promise<SealedEvents> {
    const contents = planned.map(({ event }) => personalContent(event));
    const persons = planned.filter((_, index) => contents[index] !== undefined).map(({ person }) => person);
    if (persons.length === 0) return { events: planned, keys: [], persons };
    const keyOf = await this.keys.toSeal(session, persons);
    const ids = new Set<string>();
    const events = planned.map((each, index) => {
      const content = contents[index];
      if (content === undefined) return each;
      const { id, key } = keyOf(each.person);
      ids.add(id);
      return { ...each, event: sealed(each.event, content, { id, key }) };
    });
    return { events, keys: [...ids], persons };
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

function sealed(event: TicketEvent, content: PersonalContent, { id, key }: { id: string; key: Uint8Array }) {
  const data = encrypt(key, Buffer.from(JSON.stringify(content)), event.eventId).toString('base64');
  return { ...withoutContent(event), sealed: { key: id, data } };
}

function opened({ sealed: seal, ...bare }: TicketEvent, keys: ReadonlyMap<string, Uint8Array>): OpenedEvent {
  const event = bare as TicketEvent;
  if (seal === undefined) return { event, isErased: false };
  const key = keys.get(seal.key);
  if (!key) return { event, isErased: true };
  const content = JSON.parse(
    decrypt(key, Buffer.from(seal.data, 'base64'), event.eventId).toString(),
  ) as PersonalContent;
  return { event: withContent(event, content), isErased: false };
}
