import { DataSource } from 'typeorm';
import type { DataSourceOptions, EntityManager, QueryRunner } from 'typeorm';
import { ConnectionLost, isUnavailable } from './failure.js';

/** Whom to trust at the other end of TLS, and what to show there. Texts in PEM form. */
export interface PostgresTls {
  /** Authorities; without it those that Node trusts. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** False takes any certificate: nobody listens in, and anybody may stand at the other end. */
  readonly rejectUnauthorized: boolean;
}

/** How to reach a database, and for how long to wait for it. */
export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** Without it the connections are plain ones. */
  readonly tls?: PostgresTls;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  /** Connections at most. Default 10. */
  readonly poolSize?: number;
  /** For a connection, new or from the pool. Default 5000. */
  readonly connectionTimeoutMs?: number;
  /** The server ends a statement that takes longer. Default 30000. */
  readonly statementTimeoutMs?: number;
  /** The server ends a session that leaves a transaction open and idle for longer. Default 30000. */
  readonly idleInTransactionTimeoutMs?: number;
  readonly entities?: DataSourceOptions['entities'];
  /** Migration classes; each runs in a transaction of its own. */
  readonly migrations?: DataSourceOptions['migrations'];
  /** An idle connection broke. The pool has dropped it and opens another when one is needed. */
  readonly onConnectionLost?: (error: Error) => void;
}

/** Runs SQL. Rows come as an array whatever the statement: also of UPDATE and DELETE … RETURNING. */
export interface Queries {
  query<Row = unknown>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
}

/** An open transaction. Statements run one after the other on its connection. */
export interface Transaction extends Queries {
  /** For entities; of the same transaction. */
  readonly manager: EntityManager;
}

/** Isolation levels of PostgreSQL. */
export type Isolation = 'READ COMMITTED' | 'REPEATABLE READ' | 'SERIALIZABLE';

/** A pool of connections to one database. It outlives the server's absence: the next call connects anew. */
export interface Postgres extends Queries {
  readonly dataSource: DataSource;
  /**
   * Commits what `work` did, or undoes it and throws what `work` threw. An error of the commit itself leaves the outcome
   * open when {@link isUnavailable}: look before doing it again. Nothing is retried here.
   */
  transaction<T>(work: (transaction: Transaction) => Promise<T>, options?: { isolation?: Isolation }): Promise<T>;
  close(): Promise<void>;
}

// The client waits a little longer than the server takes to end a statement: it only gives up on a server that is gone.
const NETWORK_GRACE_MS = 5000;

function dataSourceOptions(options: PostgresOptions): DataSourceOptions {
  const { statementTimeoutMs = 30_000, idleInTransactionTimeoutMs = 30_000 } = options;
  return {
    type: 'postgres',
    url: options.url,
    // A copy, for pg hides the key in what it gets. Left out, it would read PGSSLMODE by itself.
    ssl: options.tls === undefined ? false : { ...options.tls },
    applicationName: options.applicationName,
    poolSize: options.poolSize ?? 10,
    connectTimeoutMS: options.connectionTimeoutMs ?? 5000,
    poolErrorHandler: (error: Error) => options.onConnectionLost?.(error),
    ...(options.entities === undefined ? {} : { entities: options.entities }),
    ...(options.migrations === undefined ? {} : { migrations: options.migrations }),
    migrationsTransactionMode: 'each',
    installExtensions: false,
    // Statements hold users' messages.
    logging: false,
    extra: {
      statement_timeout: statementTimeoutMs,
      query_timeout: statementTimeoutMs === 0 ? 0 : statementTimeoutMs + NETWORK_GRACE_MS,
      idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
      keepAlive: true,
    },
  };
}

async function rowsOf<Row>(runner: QueryRunner, sql: string, parameters?: readonly unknown[]): Promise<Row[]> {
  // TypeORM's plain form answers [rows, count] for UPDATE and DELETE, rows for the rest.
  const result = await runner.query(sql, parameters as unknown[] | undefined, true);
  return result.records as Row[];
}

// Ended, a connection does not go back to the pool, and the server undoes its open transaction.
async function discard(runner: QueryRunner): Promise<void> {
  if (runner.isReleased) return;
  const client = (await runner.connect()) as { end(): Promise<void> };
  // The socket may be broken already; closing it is all that is asked.
  client.end().catch(() => undefined);
}

async function undo(runner: QueryRunner, cause: unknown): Promise<void> {
  if (isUnavailable(cause)) return discard(runner);
  try {
    if (runner.isTransactionActive) await runner.rollbackTransaction();
  } catch {
    // The cause is what the caller must see.
    await discard(runner);
  }
}

class ConnectedPostgres implements Postgres {
  constructor(readonly dataSource: DataSource) {}

  query<Row>(sql: string, parameters?: readonly unknown[]): Promise<Row[]> {
    return this.withConnection((runner) => rowsOf<Row>(runner, sql, parameters));
  }

  transaction<T>(work: (transaction: Transaction) => Promise<T>, options: { isolation?: Isolation } = {}): Promise<T> {
    return this.withConnection(async (runner) => {
      await runner.startTransaction(options.isolation);
      const result = await work({
        manager: runner.manager,
        query: async (sql, parameters) => {
          if (!runner.isTransactionActive) throw new Error('The transaction is over.');
          if (runner.isReleased) throw new ConnectionLost();
          return rowsOf(runner, sql, parameters);
        },
      });
      // A lost connection, its error caught by `work`, must not pass for a commit.
      if (runner.isReleased) throw new ConnectionLost();
      await runner.commitTransaction();
      return result;
    });
  }

  async close(): Promise<void> {
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
  }

  private async withConnection<T>(work: (runner: QueryRunner) => Promise<T>): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    try {
      await runner.connect();
      return await work(runner);
    } catch (error) {
      await undo(runner, error).catch(() => undefined);
      throw error;
    } finally {
      await runner.release();
    }
  }
}

/**
 * Connects to a database and makes sure that it answers. Rejects when it does not: {@link isUnavailable} tells whether
 * to try again.
 */
export async function connectPostgres(options: PostgresOptions): Promise<Postgres> {
  return new ConnectedPostgres(await new DataSource(dataSourceOptions(options)).initialize());
}
