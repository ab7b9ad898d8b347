import type { EventOf, TicketEvent } from '../ticket/events.js';
import { History } from '../ticket/history.js';
import type { Ticket } from '../ticket/state.js';
import type { Clock, EndedClock } from './clock.js';
import { measure, type Measured } from './measure.js';
import { policyAt, type SlaPolicy } from './sla-policy.js';
import { currentClocks, firing, type Fired, type TicketClocks } from './ticket-clocks.js';

/** What bots promise, in the order of the versions, and what time it is: milliseconds since the epoch. */
export interface SlaView {
  readonly versions: readonly SlaPolicy[];
  readonly now: number;
}

/** When the targets of a ticket's clocks are used up, and when something is to be told of them; null: never, if nothing changes. */
export interface SlaTimes {
  readonly dueAt: number | null;
  readonly nextAt: number | null;
}

/** Something that is to be told of a clock. */
interface Telling {
  readonly type: Fired;
  /** When it has to be told, milliseconds since the epoch. */
  readonly at: number;
  readonly clock: Clock;
  readonly measured: Measured;
  readonly policy: SlaPolicy;
}

/** A ticket that is not for us to act on is not in the queue, however long it was late before. */
export function slaTimes(clocks: TicketClocks, view: SlaView): SlaTimes {
  const dues = currentClocks(clocks).flatMap((current) => {
    const { dueAt } = measureIn(current, view).measured;
    return dueAt === null || current.clock.end !== null ? [] : [dueAt];
  });
  const times = tellings(clocks, view).map(({ at }) => at);
  return { dueAt: clocks.standing === 'active' ? earliest(dues) : null, nextAt: earliest(times) };
}

/** Warnings and breaches that are due. The ticket must be of the same version as its clocks: then nothing is told twice. */
export function decideFiring(ticket: Ticket, clocks: TicketClocks, view: SlaView): readonly TicketEvent[] {
  const { ticketId, version } = ticket;
  const cause = { occurredAt: new Date(view.now).toISOString(), idempotencyKey: `timer:sla:${ticketId}.${version}` };
  const history = new History(cause, ticketId, ticket);
  for (const telling of tellings(clocks, view)) if (telling.at <= view.now) history.add(telling.type, dataOf(telling));
  return history.events;
}

/** Whether a clock that is over has used up more than it had, and nobody was told. */
export function isUntold(clocks: TicketClocks, ended: EndedClock, view: SlaView): boolean {
  return tellingOf(clocks, ended, view) !== undefined;
}

function tellings(clocks: TicketClocks, view: SlaView): readonly Telling[] {
  return [...currentClocks(clocks), ...clocks.untold].flatMap((each) => tellingOf(clocks, each, view) ?? []);
}

/** Who is told of a breach needs no warning any more; who waits for the customer needs none yet. */
function tellingOf({ fired }: TicketClocks, each: EndedClock, view: SlaView): Telling | undefined {
  const { clock } = each;
  const found = measureIn(each, view);
  const { state, breachAt, warnAt } = found.measured;
  if (fired.includes(firing('sla-breached', clock)) || (state !== 'breached' && state !== 'running')) return undefined;
  const isWarning = state === 'running' && !fired.includes(firing('sla-warned', clock));
  const at = isWarning ? warnAt : breachAt;
  return at === null ? undefined : { type: isWarning ? 'sla-warned' : 'sla-breached', at, clock, ...found };
}

function measureIn(each: EndedClock, { versions, now }: SlaView) {
  const policy = policyAt(versions, each.clock.startedAt);
  return { policy, measured: measure(each.clock, { policy, subject: each, now }) };
}

function dataOf({ clock, measured, policy }: Telling): EventOf<Fired>['data'] {
  const { kind, startedBy, startedAt } = clock;
  return {
    ...{ clock: kind, startedBy, slaVersion: policy.version },
    startedAt: new Date(startedAt).toISOString(),
    dueAt: new Date(measured.dueAt ?? startedAt).toISOString(),
    targetSeconds: (measured.target?.targetMs ?? 0) / 1000,
  };
}

function earliest(times: readonly number[]): number | null {
  return times.length === 0 ? null : Math.min(...times);
}
