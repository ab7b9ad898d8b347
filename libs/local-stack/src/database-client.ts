import pg from 'pg';

const DUPLICATE_DATABASE = '42P04';
// Two sessions that create the same name at once collide in the catalogue's index.
const UNIQUE_VIOLATION = '23505';

/** The authority of a server that takes TLS only. */
interface Trusted {
  readonly ca: string;
}

async function withClient<T>(
  url: string,
  tls: Trusted | undefined,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const ssl = tls === undefined ? {} : { ssl: { ca: tls.ca } };
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, ...ssl });
  // A connection that breaks while idle reports it here; the next query fails and says so.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Whether a server answers queries under this address. */
export async function isAnswering(url: string, tls?: Trusted): Promise<boolean> {
  try {
    await withClient(url, tls, (client) => client.query('select 1'));
    return true;
  } catch {
    return false;
  }
}

/** Creates a database on the server of this address if it is not there, and answers its address. */
export async function createDatabase(url: string, name: string, tls?: Trusted): Promise<string> {
  const target = new URL(url);
  const maintenance = new URL(url);
  maintenance.pathname = '/postgres';
  target.pathname = `/${name}`;
  await withClient(maintenance.href, tls, async (client) => {
    const found = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (found.rowCount) return;
    await client.query(`create database ${pg.escapeIdentifier(name)}`).catch((error: unknown) => {
      const code = error instanceof pg.DatabaseError ? error.code : undefined;
      if (code !== DUPLICATE_DATABASE && code !== UNIQUE_VIOLATION) throw error;
    });
  });
  return target.href;
}

/** Removes every database of the server but PostgreSQL's own, the one of the address and those kept as templates; who is connected is cut off. */
export async function removeDatabases(url: string): Promise<void> {
  const maintenance = new URL(url);
  maintenance.pathname = '/postgres';
  await withClient(maintenance.href, undefined, async (client) => {
    const question = "select datname from pg_database where datname not in ('postgres', $1) and not datistemplate";
    const { rows } = await client.query<{ datname: string }>(question, [new URL(url).pathname.slice(1)]);
    for (const { datname } of rows) await client.query(`drop database ${pg.escapeIdentifier(datname)} with (force)`);
  });
}
