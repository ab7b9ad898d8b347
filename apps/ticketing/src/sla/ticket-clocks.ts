import type { TicketStatus } from '@onceline/contracts';
import type { EventOf, TicketEvent } from '../ticket/events.js';
import { withNames } from '../ticket/evolve.js';
import {
  endClock,
  startEarlier,
  resumeClock,
  startClock,
  switchClock,
  type Clock,
  type ClockSubject,
  type EndedClock,
  type Moment,
  type Standing,
} from './clock.js';

/** The clocks of a ticket, and what is needed to go on with them. */
export interface TicketClocks {
  readonly ticketId: string;
  readonly botId: string;
  /** Of the last event. */
  readonly version: number;
  readonly standing: Standing;
  readonly subject: ClockSubject;
  /** Whether staff has ever answered. */
  readonly isAnswered: boolean;
  /** Messages of the customer that nobody has answered, the oldest first. */
  readonly unanswered: readonly Moment[];
  /** The one for the answer that is due, if any. */
  readonly response: Clock | null;
  /** Goes on when the ticket is reopened. */
  readonly resolution: Clock | null;
  /** What the ticket was when it was resolved; null while it is not. */
  readonly resolvedAs: ClockSubject | null;
  /** What was told of the clocks: {@link firing}. */
  readonly fired: readonly string[];
  /** The latest moment of any event. */
  readonly latestAt: number;
  /** Answers that are over, until they are stored elsewhere. */
  readonly ended: readonly EndedClock[];
  /** Those of which a breach is still to be told. */
  readonly untold: readonly EndedClock[];
  /** When a snoozed ticket wakes, milliseconds since the epoch; null unless it is snoozed. */
  readonly wakesAt: number | null;
}

/** Those that are still to come to an end, and the resolution: what is changed in a ticket after it changes no figure. */
export function currentClocks({ response, resolution, resolvedAs, subject }: TicketClocks): readonly EndedClock[] {
  return [
    ...(response ? [{ ...subject, clock: response }] : []),
    ...(resolution ? [{ ...(resolvedAs ?? subject), clock: resolution }] : []),
  ];
}

/** Only the order of the first and the last matter to an answer that comes late. */
const UNANSWERED_KEPT = 50;

export type Fired = 'sla-warned' | 'sla-breached';

/** Names what was told of a clock. */
export function firing(type: Fired, { kind, startedBy }: Pick<Clock, 'kind' | 'startedBy'>): string {
  return `${type} ${kind} ${startedBy}`;
}

interface Happening {
  readonly event: TicketEvent;
  readonly at: number;
}

/** Goes on with the clocks of a ticket; all events of a command have to come together. Undefined before the ticket is opened. */
export function followClocks(
  clocks: TicketClocks | undefined,
  events: readonly TicketEvent[],
): TicketClocks | undefined {
  return happenings(events).reduce(step, clocks);
}

/** A message happens when it is written. What it made happen as well happened then too. */
function happenings(events: readonly TicketEvent[]): readonly Happening[] {
  const written = new Map<string, number>();
  for (const event of events) {
    if (isMessage(event)) written.set(event.idempotencyKey, Date.parse(event.data.sentAt));
  }
  return events.map((event) => ({ event, at: momentOf(event, written) }));
}

function momentOf(event: TicketEvent, written: ReadonlyMap<string, number>): number {
  const received = Date.parse(event.occurredAt);
  return isMessage(event) || event.type === 'ticket-status-changed'
    ? (written.get(event.idempotencyKey) ?? received)
    : received;
}

function isMessage(event: TicketEvent): event is EventOf<'message-appended'> | EventOf<'staff-replied'> {
  return event.type === 'message-appended' || event.type === 'staff-replied';
}

function step(clocks: TicketClocks | undefined, { event, at }: Happening): TicketClocks | undefined {
  if (!clocks) return event.type === 'ticket-opened' ? opened(event, at) : undefined;
  const next = { ...clocks, version: event.version, latestAt: Math.max(clocks.latestAt, at) };
  const moment = { at, version: event.version };
  switch (event.type) {
    case 'message-appended':
      return customerWrote(next, moment);
    case 'staff-replied':
      return staffWrote(next, moment);
    case 'ticket-status-changed':
      return changedStatus(next, event, moment);
    case 'ticket-priority-changed':
      return { ...next, subject: { ...next.subject, priority: event.data.to } };
    case 'ticket-assigned':
      return { ...next, subject: { ...next.subject, assignee: event.data.assignee, team: event.data.team } };
    case 'ticket-tags-changed':
      return { ...next, subject: { ...next.subject, tags: withNames(next.subject.tags, event.data) } };
    case 'ticket-merged':
      // They go on in the other ticket.
      return { ...next, response: null, resolution: null, resolvedAs: null, unanswered: [] };
    case 'ticket-merge-received':
      return withMerged(next, event);
    case 'sla-warned':
    case 'sla-breached': {
      const { clock: kind, startedBy } = event.data;
      return { ...next, fired: [...next.fired, firing(event.type, { kind, startedBy })] };
    }
    default:
      return next;
  }
}

/** A ticket that was snoozed is for us to act on from the time that was said, whenever somebody saw to it. */
function changedStatus(
  clocks: TicketClocks,
  { data }: EventOf<'ticket-status-changed'>,
  { at, version }: Moment,
): TicketClocks {
  const since = data.reason === 'snooze-over' ? Math.min(at, clocks.wakesAt ?? at) : at;
  const wakesAt = data.snoozedUntil === null ? null : Date.parse(data.snoozedUntil);
  return { ...changed(clocks, { at: since, version }, STANDING[data.to]), wakesAt };
}

const STANDING: Readonly<Record<TicketStatus, Standing>> = {
  new: 'active',
  open: 'active',
  pending: 'pending',
  snoozed: 'snoozed',
  resolved: 'ended',
  closed: 'ended',
};

function opened({ ticketId, version, data }: EventOf<'ticket-opened'>, at: number): TicketClocks {
  return {
    ...{ ticketId, botId: data.botId, version, latestAt: at },
    standing: 'active',
    subject: { priority: 'normal', tags: [], team: null, assignee: null },
    isAnswered: false,
    ...{ unanswered: [], response: null, resolution: null, fired: [], ended: [], untold: [] },
    ...{ resolvedAs: null, wakesAt: null },
  };
}

/** A "thanks" after the end starts nothing. */
function customerWrote(clocks: TicketClocks, moment: Moment): TicketClocks {
  const { standing, resolution } = clocks;
  if (standing === 'ended') return clocks;
  return {
    ...clocks,
    unanswered: withMoment(clocks.unanswered, moment),
    response: clocks.response ?? startClock(responseKind(clocks), moment, standing),
    resolution: resolution ?? startClock('resolution', moment, standing),
  };
}

function responseKind({ isAnswered }: TicketClocks) {
  return isAnswered ? 'next-response' : 'first-response';
}

function withMoment(moments: readonly Moment[], moment: Moment): readonly Moment[] {
  const all = [...moments, moment].sort((a, b) => a.at - b.at || a.version - b.version);
  return all.length > UNANSWERED_KEPT ? [...all.slice(0, UNANSWERED_KEPT - 1), ...all.slice(-1)] : all;
}

/** Answers all that was written by then. What was written after it waits for a further answer, also when we saw that first. */
function staffWrote(before: TicketClocks, moment: Moment): TicketClocks {
  const { response, standing } = before;
  if (!response || response.startedAt > moment.at) return before;
  const unanswered = before.unanswered.filter(({ at }) => at > moment.at);
  const answered = { ...before, ...over(before, endClock(response, moment, 'response')), isAnswered: true, unanswered };
  const [next] = unanswered;
  return next ? { ...answered, response: startClock('next-response', next, standing) } : answered;
}

function over({ ended, subject }: TicketClocks, clock: Clock) {
  return { response: null, ended: [...ended, { ...subject, clock }] };
}

function changed(before: TicketClocks, moment: Moment, standing: Standing): TicketClocks {
  if (standing === before.standing) return before;
  const switched = (clock: Clock | null) => clock && switchClock(clock, moment, standing);
  const after = { ...before, standing, response: switched(before.response), resolution: switched(before.resolution) };
  if (standing === 'ended') return withEnd(before, after, moment);
  return { ...after, resolution: after.resolution && resumeClock(after.resolution), resolvedAs: null };
}

/** A ticket that ends unanswered owes no further answer. Its first one is still due when it is reopened. */
function withEnd(before: TicketClocks, after: TicketClocks, moment: Moment): TicketClocks {
  const { response } = before;
  const resolved = after.resolution && { ...after.resolution, end: endOf(after.resolution, moment) };
  const isOver = response?.kind === 'next-response';
  const answers = isOver ? { ...over(before, endClock(response, moment, 'unanswered')), unanswered: [] } : {};
  return { ...after, resolution: resolved, resolvedAs: before.subject, ...answers };
}

function endOf({ stretches, startedAt }: Clock, { at, version }: Moment): Clock['end'] {
  return { at: stretches.at(-1)?.from ?? Math.max(at, startedAt), by: 'resolution', version };
}

/** Time is that of both: clocks start when the customer of either has begun to wait. */
function withMerged(clocks: TicketClocks, { version, data }: EventOf<'ticket-merge-received'>): TicketClocks {
  const moment = (time: string | null) => (time === null ? null : { at: Date.parse(time), version });
  // How long the other one was worked on before it had ended is a figure that nobody asks of this one.
  const [asked, waiting] = [moment(data.isActive ? data.askedAt : null), moment(data.waitingSince)];
  return {
    ...clocks,
    unanswered: waiting ? withMoment(clocks.unanswered, waiting) : clocks.unanswered,
    response: startedBy(clocks, clocks.response, waiting && { ...waiting, kind: responseKind(clocks) }),
    resolution: startedBy(clocks, clocks.resolution, asked && { ...asked, kind: 'resolution' }),
  };
}

function startedBy(
  { standing }: TicketClocks,
  clock: Clock | null,
  start: (Moment & { kind: Clock['kind'] }) | null,
): Clock | null {
  if (!start || standing === 'ended') return clock;
  return clock ? startEarlier(clock, start) : startClock(start.kind, start, standing);
}
