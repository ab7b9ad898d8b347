/** Names the PostgreSQL server that a whole run of specs shares, and that who started the run stops. */
export const SHARED_DATABASE = 'SPECS_DATABASE_URL';

/** Its address, where this run has one. */
export function sharedDatabase(): string | undefined {
  return process.env[SHARED_DATABASE] || undefined;
}
