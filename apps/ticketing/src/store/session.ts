/** A statement with a name is parsed once per connection; one whose text varies has none. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
}

/** One connection. The narrow part of `pg` that the store uses; the pool behind it belongs to libs/postgres. */
export interface Session {
  query<Row>(statement: Statement, values: readonly unknown[]): Promise<{ rows: Row[]; rowCount: number }>;
  /** Plain commands: begin, commit, several at once in one round trip. */
  command(sql: string): Promise<void>;
  /** The connection does not go back to the pool; the server undoes what is open on it. */
  discard(): void;
}

/** Runs work on a connection of its own, and gives the connection back. */
export type WithSession = <Result>(work: (session: Session) => Promise<Result>) => Promise<Result>;
