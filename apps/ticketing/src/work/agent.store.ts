import type { Session, WithSession } from '../store/session.js';
import type { AssignableAgent } from '../ticket/assign-tickets.js';

/** Somebody who works on tickets, as administrators have registered him. */
export interface Agent extends AssignableAgent {
  readonly changedBy: string;
  /** RFC 3339 UTC. */
  readonly changedAt: string;
}

const SELECT = `select name, capacity, team, is_away, changed_by, changed_at,
    (select count(*)::int from ticketing.tickets t where t.assignee = a.name and status in ('new', 'open')
       and assignee is not null) as load
  from ticketing.agents a`;
const READ_ONE = { name: 'read-agent', text: `${SELECT} where name = $1` };
const READ_PAGE = { name: 'read-page-of-agents', text: `${SELECT} where name > $1 order by name limit $2` };
const READ_ALL = { name: 'read-agents', text: `${SELECT} order by name` };
const WRITE = {
  name: 'write-agent',
  text: `insert into ticketing.agents (name, capacity, team, is_away, changed_by) values ($1, $2, $3, $4, $5)
    on conflict (name) do update set capacity = excluded.capacity, team = excluded.team, is_away = excluded.is_away,
      changed_by = excluded.changed_by, changed_at = now()`,
};

interface AgentRow {
  name: string;
  capacity: number;
  team: string | null;
  is_away: boolean;
  changed_by: string;
  changed_at: Date;
  load: number;
}

export class AgentStore {
  constructor(private readonly withSession: WithSession) {}

  read(name: string): Promise<Agent | undefined> {
    return this.withSession(async (session) => {
      const { rows } = await session.query<AgentRow>(READ_ONE, [name]);
      return rows.map(toAgent)[0];
    });
  }

  /** In the order of their names, behind this one. */
  readPage(after: string, limit: number): Promise<readonly Agent[]> {
    return this.withSession(async (session) => {
      const { rows } = await session.query<AgentRow>(READ_PAGE, [after, limit]);
      return rows.map(toAgent);
    });
  }

  async write({ name, capacity, team, isAway, changedBy }: Omit<Agent, 'load' | 'changedAt'>): Promise<void> {
    await this.withSession((session) => session.query(WRITE, [name, capacity, team, isAway, changedBy]));
  }
}

/** All of them, with what they have to act on now. */
export async function readAgents(session: Session): Promise<readonly Agent[]> {
  const { rows } = await session.query<AgentRow>(READ_ALL, []);
  return rows.map(toAgent);
}

function toAgent({ name, capacity, team, load, ...row }: AgentRow): Agent {
  const changed = { changedBy: row.changed_by, changedAt: row.changed_at.toISOString() };
  return { name, capacity, team, load, isAway: row.is_away, ...changed };
}
