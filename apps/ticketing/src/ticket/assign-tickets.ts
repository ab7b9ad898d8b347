/** How tickets that nobody has find an agent. */
export const ASSIGNMENT_MODES = ['round-robin', 'least-loaded'] as const;
export type AssignmentMode = (typeof ASSIGNMENT_MODES)[number];

/** Somebody who can be given tickets. */
export interface AssignableAgent {
  readonly name: string;
  readonly team: string | null;
  /** Tickets that he can have at once. */
  readonly capacity: number;
  readonly isAway: boolean;
  /** Tickets that he has to act on. */
  readonly load: number;
}

export interface WaitingTicket {
  readonly ticketId: string;
  /** Only an agent of this team; null: any. */
  readonly team: string | null;
}

export interface Assignment {
  readonly ticketId: string;
  readonly agent: string;
}

export interface AssignmentRound {
  readonly mode: AssignmentMode;
  readonly agents: readonly AssignableAgent[];
  /** In the order in which they are given away. */
  readonly tickets: readonly WaitingTicket[];
  /** The agent who got the last one in turns; null before the first. */
  readonly last: string | null;
}

/** Gives each ticket to an agent who is there, of its team, and has room for it; those that find none wait. */
export function assignTickets({ mode, agents, tickets, last }: AssignmentRound): {
  readonly assignments: readonly Assignment[];
  readonly last: string | null;
} {
  const present = agents.filter(({ isAway }) => !isAway).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const loads = new Map(present.map(({ name, load }) => [name, load]));
  const loadOf = ({ name }: AssignableAgent) => loads.get(name) ?? 0;
  const assignments: Assignment[] = [];
  let previous = last;
  for (const { ticketId, team } of tickets) {
    const able = present.filter((agent) => loadOf(agent) < agent.capacity && (team === null || agent.team === team));
    const agent = mode === 'round-robin' ? nextInTurn(able, previous) : leastLoaded(able, loadOf);
    if (!agent) continue;
    loads.set(agent.name, loadOf(agent) + 1);
    assignments.push({ ticketId, agent: agent.name });
    previous = agent.name;
  }
  return { assignments, last: previous };
}

/** Whoever comes after the last one by name, also when that one has gone; after the end from the beginning. */
function nextInTurn(able: readonly AssignableAgent[], last: string | null): AssignableAgent | undefined {
  return able.find(({ name }) => last === null || name > last) ?? able[0];
}

/** The first by name among equals. */
function leastLoaded(
  able: readonly AssignableAgent[],
  loadOf: (agent: AssignableAgent) => number,
): AssignableAgent | undefined {
  return able.toSorted((a, b) => loadOf(a) - loadOf(b))[0];
}
