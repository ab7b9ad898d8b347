import { idempotentRequest, parseRequest, type ApiToken } from '@onceline/service-kit';
import { byId, nextInQueue } from '../work/find-ticket.js';
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
  constructor(
    private readonly tokens: readonly ApiToken[],
    private readonly tickets: WorkOnTicket,
  ) {}

  /** Answers null when there is no such ticket. */
  do(ticketId: string, wish: AgentWish, request: AgentRequest): Promise<Worked | null> {
    const { 'if-match': seenVersion } = parseRequest(workHeadersSchema, 'headers', request.headers);
    const asked = idempotentRequest(this.tokens, `${wish.type} ${ticketId}`, request);
    return answering(this.tickets.do(wish, { ...asked, find: byId(ticketId), seenVersion }));
  }

  /** Gives whoever asks the next ticket that nobody has; null when there is none. */
  takeNext(view: QueueView, request: AgentRequest): Promise<Worked | null> {
    const asked = idempotentRequest(this.tokens, 'next in the queue', request);
    const wish = { type: 'change-ticket', changes: { assignee: asked.actor } } as const;
    return answering(this.tickets.do(wish, { ...asked, find: nextInQueue(view) }));
  }
}
