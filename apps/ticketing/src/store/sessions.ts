import { isUnavailable, type Postgres } from '@onceline/postgres';
import type { Session, Statement, WithSession } from './session.js';

/** What the store uses of a `pg` client; TypeORM hands it out untyped. */
interface Client {
  query(statement: Statement & { values: readonly unknown[] }): Promise<{ rows: unknown[]; rowCount: number | null }>;
  query(sql: string): Promise<unknown>;
  end(): Promise<void>;
}

/**
 * Statements are planned once per connection, maybe while the tables are still small, when reading a whole table looks cheap;
 * nothing here ever wants that.
 */
const PREPARE = 'set enable_seqscan = off';

/** Connections of the pool, used directly: TypeORM has no prepared statements, and the hot path wants them. */
export function sessionsOf({ dataSource }: Pick<Postgres, 'dataSource'>): WithSession {
  const prepared = new WeakSet<Client>();
  return async (work) => {
    const runner = dataSource.createQueryRunner();
    try {
      const client = (await runner.connect()) as Client;
      const session = sessionOn(client);
      try {
        if (!prepared.has(client)) await session.command(PREPARE);
        prepared.add(client);
        return await work(session);
      } catch (error) {
        // A connection that did not answer in time may still answer the next one who gets it.
        if (isUnavailable(error)) session.discard();
        throw error;
      }
    } finally {
      await runner.release();
    }
  };
}

function sessionOn(client: Client): Session {
  return {
    async query<Row>(statement: Statement, values: readonly unknown[]) {
      const { rows, rowCount } = await client.query({ ...statement, values });
      return { rows: rows as Row[], rowCount: rowCount ?? 0 };
    },
    async command(sql) {
      await client.query(sql);
    },
    discard() {
      // The socket may be broken already; closing it is all that is asked, and the pool drops a closed one.
      client.end().catch(() => undefined);
    },
  };
}
