import type { DataSource } from 'typeorm';
import type { Session, Statement, WithSession } from './session.js';

/** What the store uses of a `pg` client; TypeORM hands it out untyped. */
interface Client {
  query(statement: Statement & { values: readonly unknown[] }): Promise<{ rows: unknown[]; rowCount: number | null }>;
  query(sql: string): Promise<unknown>;
}

/** Connections of the pool, used directly: TypeORM has no prepared statements, and the hot path wants them. */
export function sessionsOf(dataSource: DataSource): WithSession {
  return async (work) => {
    const runner = dataSource.createQueryRunner();
    try {
      return await work(sessionOn((await runner.connect()) as Client));
    } finally {
      await runner.release();
    }
  };
}

function sessionOn(client: Client): Session {
  return {
    async query<Row>({ name, text }: Statement, values: readonly unknown[]) {
      const { rows, rowCount } = await client.query({ name, text, values });
      return { rows: rows as Row[], rowCount: rowCount ?? 0 };
    },
    async command(sql) {
      await client.query(sql);
    },
  };
}
