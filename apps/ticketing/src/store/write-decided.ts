import type { TicketEvent } from '../ticket/events.js';
import { evolveTicket } from '../ticket/evolve.js';
import type { Ticket } from '../ticket/state.js';
import type { Session } from './session.js';
import type { TraceContext } from './traced-update.js';
import { WITHOUT_UPDATES, writePlan } from './write-plan.js';

/** A ticket as it was, and what was decided for it. */
export interface Decided {
  readonly ticket: Ticket;
  readonly events: readonly TicketEvent[];
}

const UNTRACED: TraceContext = { traceparent: null, tracestate: null };

/** Writes events that no update caused, with what becomes of their tickets. Answers how many there are. @throws what {@link writePlan} throws */
export async function writeDecided(
  session: Session,
  decided: readonly Decided[],
  trace: TraceContext = UNTRACED,
): Promise<number> {
  const changed = decided.filter(({ events }) => events.length > 0);
  const events = changed.flatMap((each) => each.events);
  if (events.length === 0) return 0;
  await writePlan(session, {
    ...WITHOUT_UPDATES,
    events: events.map((event) => ({ event, trace })),
    tickets: changed.map((each) => each.events.reduce(evolveTicket, each.ticket)),
  });
  return events.length;
}
