import { idempotentRequest, parseRequest, type ApiToken } from '@onceline/service-kit';
import { byId, nextInQueue } from '../work/find-ticket.js';
import { WorkOnTwoTickets, type PairWish } from '../work/work-on-two-tickets.js';
import type { AgentWish, Worked, WorkOnTicket } from '../work/work-on-ticket.js';
import { answering } from './answering.js';
import type { QueueView } from './queue-schemas.js';
import { workHeadersSchema } from './schemas.js';

export type RequestHeaders = Readonly<Record<string, string | undefined>>;

interface AgentRequest {
  readonly headers: RequestHeaders;
  readonly body: unknown;
}

/** Requests of agents, with who asks, what he has seen, and the key under which he asks. */
export class AgentRequests {
  private readonly pairs: WorkOnTwoTickets;

  constructor(
    private readonly tokens: readonly ApiToken[],
    private readonly tickets: WorkOnTicket,
  ) {
    this.pairs = new WorkOnTwoTickets(tickets);
  }

  /** Answers null when there is no such ticket. */
  do(ticketId: string, wish: AgentWish, request: AgentRequest): Promise<Worked | null> {
    const { 'if-match': seenVersion } = parseRequest(workHeadersSchema, 'headers', request.headers);
    const asked = idempotentRequest(this.tokens, `${wish.type} ${ticketId}`, request);
    return answering(this.tickets.do(wish, { ...asked, find: byId(ticketId), seenVersion }));
  }

  /** The same for two tickets, of which the request names the second as `otherField`. */
  doWithTwo(
    wish: PairWish,
    { ticketId, otherId, otherField }: { ticketId: string; otherId: string; otherField: string },
    request: AgentRequest,
  ): Promise<Worked | null> {
    const { 'if-match': seenVersion } = parseRequest(workHeadersSchema, 'headers', request.headers);
    const asked = idempotentRequest(this.tokens, `${wish.type} ${ticketId} ${otherId}`, request);
    return answering(this.pairs.do(wish, { ...asked, ticketId, otherId, otherField, seenVersion }));
  }

  /** Gives whoever asks the next ticket that nobody has; null when there is none. */
  takeNext(view: QueueView, request: AgentRequest): Promise<Worked | null> {
    const asked = idempotentRequest(this.tokens, 'next in the queue', request);
    const wish = { type: 'change-ticket', changes: { assignee: asked.actor } } as const;
    return answering(this.tickets.do(wish, { ...asked, find: nextInQueue(view) }));
  }
}
