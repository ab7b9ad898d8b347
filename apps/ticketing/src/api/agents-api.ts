import { actorOf, type ApiToken } from '@onceline/service-kit';
import type { Agent, AgentStore } from '../work/agent.store.js';
import type { AgentEntry } from './agent-schemas.js';
import { answering } from './answering.js';

/** Looks at agents and registers them. */
export class AgentsApi {
  constructor(
    private readonly store: AgentStore,
    private readonly tokens: readonly ApiToken[],
  ) {}

  read(name: string): Promise<AgentEntry | undefined> {
    return answering(this.store.read(name));
  }

  async write(
    agent: Pick<Agent, 'name' | 'capacity' | 'team' | 'isAway'>,
    authorization: string | undefined,
  ): Promise<AgentEntry> {
    await answering(this.store.write({ ...agent, changedBy: actorOf(authorization, this.tokens) }));
    const written = await this.read(agent.name);
    if (!written) throw new Error('an agent that was written must be there');
    return written;
  }
}
