import type { MergeTickets, PairDecision, PairRefusal } from './decide-for-two.js';
import { History } from './history.js';
import { isActive, type Ticket } from './state.js';

/** Whoever reads a ticket reads the messages of them all. */
export const MOST_MERGED = 50;

/** The rules for merging: the source is closed, and whatever its customer says from now on is said in the target. */
export function merge(command: MergeTickets, source: Ticket, target: Ticket): PairDecision {
  if (source.mergedInto === target.ticketId) return { events: [] };
  const refusal = sourceRefusal(source) ?? targetRefusal(source, target);
  if (refusal) return { refusal };
  return { events: [...closed(command, source, target), ...received(command, source, target)] };
}

/** One step leads from a merged ticket to the one that goes on: there are no chains, and so no circles. */
function sourceRefusal({ mergedInto, mergedFrom }: Ticket): PairRefusal | undefined {
  const about = { about: 'ticket', because: 'state' } as const;
  if (mergedInto !== null) {
    return { ...about, detail: `It was merged into ${mergedInto}.`, fix: `Merge that one: ${mergedInto}.` };
  }
  if (mergedFrom.length === 0) return undefined;
  return { ...about, detail: 'Others were merged into it.', fix: 'Merge the other ticket into this one instead.' };
}

function targetRefusal(source: Ticket, target: Ticket): PairRefusal | undefined {
  const { botId, mergedInto, mergedFrom } = target;
  const about = { about: 'other', because: 'state' } as const;
  if (botId !== source.botId) {
    const detail = 'It belongs to another bot, which cannot answer this customer.';
    return { about: 'other', because: 'choice', detail, fix: 'Name a ticket of the same bot, or link the two.' };
  }
  if (mergedInto !== null) {
    return { ...about, detail: `It was merged into ${mergedInto}.`, fix: `Name that one: ${mergedInto}.` };
  }
  if (!isActive(target)) {
    const fix = 'Set its status to "open" first, or merge it into this one.';
    return { ...about, detail: 'It has ended, so nobody would see what is asked here.', fix };
  }
  if (mergedFrom.length < MOST_MERGED) return undefined;
  return { ...about, detail: `${MOST_MERGED} tickets were merged into it already.`, fix: 'Link the two instead.' };
}

function closed(command: MergeTickets, source: Ticket, { ticketId: intoTicketId }: Ticket) {
  const { by } = command;
  const history = new History(command, source.ticketId, source).add('ticket-merged', { intoTicketId, by });
  const { status: from } = source;
  if (from === 'closed') return history.events;
  return history.add('ticket-status-changed', { from, to: 'closed', reason: 'merge', snoozedUntil: null, by }).events;
}

/** The event has all that the times of the target depend on: a replay needs no other ticket. */
function received(command: MergeTickets, source: Ticket, target: Ticket) {
  const { by } = command;
  const history = new History(command, target.ticketId, target);
  if (hasToOpen(source, target)) {
    const change = { from: target.status, to: 'open', reason: 'merge', snoozedUntil: null, by } as const;
    history.add('ticket-status-changed', change);
  }
  const { ticketId: fromTicketId, askedAt, customerWroteAt, waitingSince, messageCount } = source;
  const times = { isActive: isActive(source), askedAt, customerWroteAt, waitingSince };
  return history.add('ticket-merge-received', { fromTicketId, ...times, messageCount, by }).events;
}

/** What an agent had to act on before, he has to act on after. */
function hasToOpen(source: Ticket, target: Ticket): boolean {
  const isForUs = source.status === 'new' || source.status === 'open' || source.waitingSince !== null;
  if (!isForUs) return false;
  return target.status === 'pending' || (target.status === 'snoozed' && source.status !== 'snoozed');
}
