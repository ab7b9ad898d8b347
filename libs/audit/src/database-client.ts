import type { ConnectionOptions } from 'node:tls';
import { Client } from 'pg';

/** The database to read, and how its connection is made safe. */
export interface DatabaseAddress {
  /** `postgres://…`. */
  readonly url: string;
  readonly tls?: Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized'> | undefined;
}

/** A connection of the checker's own for as long as the work takes. */
export async function withDatabase<T>({ url, tls }: DatabaseAddress, work: (client: Client) => Promise<T>): Promise<T> {
  // A copy, for pg hides the key in what it gets.
  const ssl = tls === undefined ? false : { ...tls };
  const client = new Client({ connectionString: url, application_name: 'onceline-audit', ssl });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
