import type { Match } from '@onceline/contracts';
import type { RecordStaffMessage } from './commands.js';
import type { Ticket } from './state.js';

/** A message of staff that has found its ticket. */
export interface MatchedStaffMessage extends RecordStaffMessage {
  readonly matchedBy: Match;
}

export interface TicketMatch {
  readonly ticket: Ticket;
  readonly matchedBy: Match;
}

/**
 * The ticket that staff answers in a chat where several may be active: that of the message it answers, ended or not, else the only active one
 * of the place, else the one in which something happened last.
 */
export function matchTicket(answered: Ticket | undefined, activeThere: readonly Ticket[]): TicketMatch | undefined {
  if (answered) return { ticket: answered, matchedBy: 'answered-message' };
  const [ticket, ...others] = activeThere.toSorted((a, b) => Date.parse(b.updatedAt) - Date.parse(a.updatedAt));
  if (!ticket) return undefined;
  return { ticket, matchedBy: others.length === 0 ? 'only-open-ticket' : 'latest-active-ticket' };
}
