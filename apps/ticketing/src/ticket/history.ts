import { eventId, WRITTEN, type EventOf, type TicketEvent } from './events.js';
import { evolve } from './evolve.js';
import type { Ticket, TicketState } from './state.js';

type Cause = Pick<TicketEvent, 'idempotencyKey' | 'occurredAt'>;

/** Events that one command makes, numbered one after the other, with the state that each leaves. */
export class History {
  readonly events: TicketEvent[] = [];

  constructor(
    private readonly cause: Cause,
    private readonly ticketId: string,
    private current: TicketState,
  ) {}

  /** The ticket, once it is there. */
  get ticket(): Ticket {
    if (this.current.status === 'none') throw new Error('there is no ticket yet');
    return this.current;
  }

  add<Type extends TicketEvent['type']>(type: Type, data: EventOf<Type>['data']): this {
    const { idempotencyKey, occurredAt } = this.cause;
    const version = this.current.status === 'none' ? 1 : this.current.version + 1;
    const { ticketId } = this;
    const envelope = { eventId: eventId(ticketId, version), ticketId, version, occurredAt, idempotencyKey };
    // The compiler cannot follow that type, schema version and data belong together; the signature sees to it.
    const event = { ...envelope, type, schemaVersion: WRITTEN[type], data } as unknown as TicketEvent;
    this.events.push(event);
    this.current = evolve(this.current, event);
    return this;
  }
}
