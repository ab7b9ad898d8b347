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
export function matchTicket(
  { sentAt }: Pick<RecordStaffMessage, 'sentAt'>,
  answered: Ticket | undefined,
  activeThere: readonly Ticket[],
): TicketMatch | undefined {
  if (answered) return { ticket: answered, matchedBy: 'answered-message' };
  // Nobody answers what has not been asked yet: what staff wrote earlier, and changes or tries again now, is no answer to it.
  const asked = activeThere.filter(({ askedAt }) => askedAt === null || Date.parse(askedAt) <= Date.parse(sentAt));
  const [ticket, ...others] = asked.toSorted((a, b) => Date.parse(b.updatedAt) - Date.parse(a.updatedAt));
  if (!ticket) return undefined;
  return { ticket, matchedBy: others.length === 0 ? 'only-active-ticket' : 'latest-active-ticket' };
}
