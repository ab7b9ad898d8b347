import type { WithSession } from '../store/session.js';

export interface StoredBreaker {
  readonly open: boolean;
  readonly reason: string | null;
  /** RFC 3339 UTC. */
  readonly changedAt: string;
}

const READ = {
  name: 'read-breaker',
  text: `select is_open, reason, changed_at from ticketing.breakers where name = 'dead-letters'`,
};
const SET = {
  name: 'set-breaker',
  text: `update ticketing.breakers set is_open = $1, reason = $2, changed_at = now()
    where name = 'dead-letters' and is_open <> $1`,
};

/**
 * The dead-letter breaker of all instances. In the database, because it must outlive a restart, and because an operator closes it
 * by asking any one of them.
 */
export class BreakerStore {
  constructor(private readonly withSession: WithSession) {}

  async read(): Promise<StoredBreaker> {
    const { rows } = await this.withSession((session) =>
      session.query<{ is_open: boolean; reason: string | null; changed_at: Date }>(READ, []),
    );
    const [row] = rows;
    if (!row) throw new Error('ticketing.breakers has no row for dead-letters');
    return { open: row.is_open, reason: row.reason, changedAt: row.changed_at.toISOString() };
  }

  /** Keeps the first reason when it is open already. */
  async open(reason: string): Promise<void> {
    await this.withSession((session) => session.query(SET, [true, reason]));
  }

  async close(): Promise<void> {
    await this.withSession((session) => session.query(SET, [false, null]));
  }
}
