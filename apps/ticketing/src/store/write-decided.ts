import { personalContent } from '../ticket/personal-content.js';
import { personOf } from '../ticket/person.js';
import type { Vault } from '../privacy/vault.js';
import type { TicketEvent } from '../ticket/events.js';
import { evolveTicket } from '../ticket/evolve.js';
import type { Ticket } from '../ticket/state.js';
import type { BatchPlan } from './plan-batch.js';
import type { Session } from './session.js';
import type { TraceContext } from './traced-update.js';
import { WITHOUT_UPDATES, writePlan } from './write-plan.js';
import { writeSealed } from './write-sealed.js';

/** A ticket as it was, and what was decided for it. */
export interface Decided {
  readonly ticket: Ticket;
  readonly events: readonly TicketEvent[];
}

const UNTRACED: TraceContext = { traceparent: null, tracestate: null };

export interface WriteOptions {
  readonly trace?: TraceContext;
  /** Needed where people have written something. */
  readonly vault?: Vault;
}

/** Writes events that no update caused, with what becomes of their tickets. Answers how many there are. @throws what {@link writeSealed} throws */
export async function writeDecided(
  session: Session,
  decided: readonly Decided[],
  { trace = UNTRACED, vault }: WriteOptions = {},
): Promise<number> {
  const changed = decided.filter(({ events }) => events.length > 0);
  const events = changed.flatMap(({ ticket, events: made }) =>
    made.map((event) => ({ event, trace, person: personOf(event, ticket) })),
  );
  if (events.length === 0) return 0;
  const tickets = changed.map((each) => each.events.reduce(evolveTicket, each.ticket));
  const plan = { ...WITHOUT_UPDATES, events, tickets };
  await (vault ? writeSealed(session, plan, vault) : writePlan(session, nothingPersonal(plan)));
  return events.length;
}

function nothingPersonal<Plan extends Pick<BatchPlan, 'events'>>(plan: Plan): Plan {
  const personal = plan.events.find(({ event }) => personalContent(event) !== undefined);
  if (personal) throw new Error(`a ${personal.event.type} must be sealed before it is written`);
  return plan;
}
