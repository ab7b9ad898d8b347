import { actorOf, decodeCursor, pageOf, Problem, type ApiToken } from '@onceline/service-kit';
import type { Agent, AgentStore } from '../work/agent.store.js';
import type { RemoveAgent } from '../work/remove-agent.js';
import { agentsCursorSchema, type AgentEntry, type AgentsPage, type AgentsQuery } from './agent-schemas.js';
import { answering } from './answering.js';

/** Looks at agents, registers and removes them. */
export class AgentsApi {
  constructor(
    private readonly store: AgentStore,
    private readonly removal: RemoveAgent,
    private readonly tokens: readonly ApiToken[],
  ) {}

  /** In the order of their names. */
  async list({ limit, cursor }: AgentsQuery): Promise<AgentsPage> {
    const after = cursor === undefined ? '' : decodeCursor(agentsCursorSchema, cursor);
    const agents = await answering(this.store.readPage(after, limit + 1));
    return pageOf(
      agents,
      limit,
      (agent) => agent,
      ({ name }) => name,
    );
  }

  /** @throws Problem 404 */
  async read(name: string): Promise<AgentEntry> {
    const agent = await answering(this.store.read(name));
    if (agent) return agent;
    throw notRegistered();
  }

  async write(
    agent: Pick<Agent, 'name' | 'capacity' | 'team' | 'isAway'>,
    authorization: string | undefined,
  ): Promise<AgentEntry> {
    await answering(this.store.write({ ...agent, changedBy: actorOf(authorization, this.tokens) }));
    return this.read(agent.name);
  }

  /** @throws Problem 404, or 409 while he has active tickets */
  async remove(
    name: string,
    { handsBack, authorization }: { handsBack: boolean; authorization: string | undefined },
  ): Promise<void> {
    const by = actorOf(authorization, this.tokens);
    const removal = await answering(this.removal.remove(name, { by, handsBack }));
    if (removal === 'not-registered') throw notRegistered();
    if (removal !== 'removed') throw stillBusy(removal.activeTickets);
  }
}

function notRegistered(): Problem {
  return new Problem(404, {
    title: 'Not Found',
    detail: 'No agent of this name is registered.',
    field: 'params.name',
    fix: 'Register him: PUT /v1/agents/{name}.',
  });
}

function stillBusy(activeTickets: number): Problem {
  return new Problem(409, {
    title: 'Conflict',
    detail: `He has active tickets: ${activeTickets}.`,
    field: 'params.name',
    fix: 'Give them to others (GET /v1/tickets?assignee=… shows them), or hand them back with ?tickets=hand-back.',
  });
}
