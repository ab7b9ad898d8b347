import { idempotentRequest, parseRequest, type ApiToken } from '@onceline/service-kit';
import type { AgentWish, Worked, WorkOnTicket } from '../work/work-on-ticket.js';
import { answering } from './answering.js';
import { workHeadersSchema } from './schemas.js';

export type RequestHeaders = Readonly<Record<string, string | undefined>>;

/** Requests of agents, with who asks, what he has seen, and the key under which he asks. */
export class AgentRequests {
  constructor(
    private readonly tokens: readonly ApiToken[],
    private readonly tickets: WorkOnTicket,
  ) {}

  do(ticketId: string, wish: AgentWish, request: { headers: RequestHeaders; body: unknown }): Promise<Worked> {
    const { 'if-match': seenVersion } = parseRequest(workHeadersSchema, 'headers', request.headers);
    const route = `${wish.type} ${ticketId}`;
    return answering(
      this.tickets.do(wish, { ...idempotentRequest(this.tokens, route, request), ticketId, seenVersion }),
    );
  }
}
