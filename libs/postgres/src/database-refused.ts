import { tlsRefusal, type Refusal } from '@onceline/retry-policy';
import type { PostgresOptions } from './connect-postgres.js';
import { isUnavailable } from './failure.js';

/** What waiting does not mend; the message says the fix. */
export class DatabaseRefused extends Error {}

const IN_THE_ADDRESS = 'correct DATABASE_URL, or create what it names';

const BY_STATE: Readonly<Record<string, string>> = {
  '28P01': 'the password is wrong',
  '28000': 'the user may not connect',
  '3D000': 'the database does not exist',
};

/** The refusal that an error of a connection means; undefined when the database is away and waiting may mend it. */
export function refusalOf({ url }: Pick<PostgresOptions, 'url'>, error: unknown): DatabaseRefused | undefined {
  const { username, host, pathname } = new URL(url);
  const tls = tlsRefusal(error, 'DATABASE');
  if (tls !== undefined) return refused(`PostgreSQL at ${host}${pathname}`, tls, error);
  if (isUnavailable(error)) return undefined;
  return refused(`PostgreSQL refuses user ${username} at ${host}${pathname}`, loginRefusal(error), error);
}

function refused(subject: string, { why, fix }: Refusal, cause: unknown): DatabaseRefused {
  return new DatabaseRefused(`${subject}: ${why}.\nFix: ${fix}.`, { cause });
}

/** One state for many reasons: PostgreSQL's own words, unless they are translated, tell these from a user who may not connect. */
const BY_WORDS: readonly (Refusal & { readonly words: RegExp })[] = [
  {
    words: /no encryption$/,
    why: 'it lets nobody in without TLS',
    fix: `set DATABASE_TLS to verify, or ${IN_THE_ADDRESS}`,
  },
  {
    words: /valid client certificate$/,
    why: 'it wants a certificate of this client that it trusts',
    fix: 'set DATABASE_TLS_CERT_FILE and DATABASE_TLS_KEY_FILE to one that its authority signed',
  },
];

function loginRefusal(error: unknown): Refusal {
  const { code } = error as { code?: unknown };
  const said = messageOf(error);
  const told = code === '28000' ? BY_WORDS.find(({ words }) => words.test(said)) : undefined;
  return told ?? { why: BY_STATE[String(code)] ?? said, fix: IN_THE_ADDRESS };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
