import { Problem } from '@onceline/service-kit';
import type { Session } from '../store/session.js';
import { decideForTwo, type PairCommand, type PairRefusal } from '../ticket/decide-for-two.js';
import { byIds } from './find-ticket.js';
import { changedMeanwhile } from './versions.js';
import type { AgentCause, AgentWish, Worked, WorkOnTicket, WorkRequest } from './work-on-ticket.js';

/** A wish of an agent for two tickets, without what everyone has. */
export type PairWish = AgentWish<PairCommand>;

export interface PairRequest extends Omit<WorkRequest, 'find'> {
  readonly ticketId: string;
  readonly otherId: string;
  /** Where the request names the other one. */
  readonly otherField: string;
}

/** Does what agents ask of two tickets: the events of both are there, or none. */
export class WorkOnTwoTickets {
  constructor(private readonly work: Pick<WorkOnTicket, 'commit' | 'write'>) {}

  /** Answers null when there is no such ticket. @throws Problem 409, 412 or 422 */
  do(wish: PairWish, request: PairRequest): Promise<Worked | null> {
    return this.work.commit(request, (session, cause) => this.change(session, { ...wish, ...cause }, request));
  }

  private async change(session: Session, command: PairWish & AgentCause, request: PairRequest): Promise<Worked | null> {
    const { ticketId, otherId, seenVersion, otherField } = request;
    const tickets = await byIds(session, [ticketId, otherId]);
    const [ticket, other] = [tickets.get(ticketId), tickets.get(otherId)];
    if (!ticket) return null;
    if (seenVersion !== undefined && seenVersion !== ticket.version) throw changedMeanwhile('ticket', ticket.version);
    if (!other) throw refused(NO_SUCH_TICKET, otherField);
    const decision = decideForTwo(command, ticket, other);
    if ('refusal' in decision) throw refused(decision.refusal, otherField);
    await this.work.write(session, [ticket, other], decision.events);
    const versions = decision.events.filter((event) => event.ticketId === ticketId).map(({ version }) => version);
    return { ticketId, version: versions.at(-1) ?? ticket.version };
  }
}

const NO_SUCH_TICKET: PairRefusal = {
  ...{ about: 'other', because: 'choice', detail: 'There is no ticket with this id.' },
  fix: 'Take an id from GET /v1/tickets or from the ledger.',
};

function refused({ about, because, detail, fix }: PairRefusal, otherField: string): Problem {
  const field = about === 'other' ? otherField : 'params.id';
  if (because === 'choice') return new Problem(422, { title: 'Unprocessable Content', detail, field, fix });
  return new Problem(409, { title: 'Conflict', detail, field, fix });
}
