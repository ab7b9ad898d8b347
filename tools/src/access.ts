import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { repositoryRoot } from './repository-root.js';

/** What a running system says of itself in `.onceline/access.json`. */
export interface Access {
  readonly ingress: string;
  readonly dedupe: string;
  readonly ticketing: string;
  readonly retry: string | undefined;
  readonly kafka: readonly string[];
  readonly database: string;
  readonly bots: readonly { readonly id: string; readonly secret: string }[];
  readonly tokens: Readonly<Record<'viewer' | 'agent' | 'admin', string>>;
  readonly pids: Readonly<Record<string, number>>;
}

/** A command was called in a way or at a moment that cannot work; the message says what to do. */
export class UsageError extends Error {}

/** Writes how to reach a system, for the other commands; readable by its owner only, also where the file was there before. */
export function writeAccess(access: Access, file: string = accessPath(repositoryRoot())): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(access, null, 2), { mode: 0o600 });
  chmodSync(file, 0o600);
}

/** Where a running system describes itself. */
export function accessPath(root: string): string {
  return join(root, '.onceline', 'access.json');
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function complain(path: string, what: string): never {
  throw new UsageError(`${path}: ${what}; stop the system and start it again with npm start`);
}

function address(path: string, record: Record<string, unknown>, name: string): string {
  const value = record[name];
  if (typeof value !== 'string' || !URL.canParse(value)) complain(path, `"${name}" is not an address`);
  return value.replace(/\/$/, '');
}

function bot(path: string, value: unknown): Access['bots'][number] {
  if (!isRecord(value) || typeof value['secret'] !== 'string')
    complain(path, '"bots" needs an id and a secret for each bot');
  return { id: String(value['id']), secret: value['secret'] };
}

const isText = (value: unknown): value is string => typeof value === 'string';

function tokens(path: string, value: unknown): Access['tokens'] {
  const { viewer, agent, admin } = isRecord(value) ? value : {};
  if (!isText(viewer) || !isText(agent) || !isText(admin)) complain(path, '"tokens" needs viewer, agent and admin');
  return { viewer, agent, admin };
}

function pids(value: unknown): Access['pids'] {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}

function brokers(path: string, value: unknown): string[] {
  const list = isText(value) ? value.split(',') : Array.isArray(value) ? value.filter(isText) : [];
  if (list.length === 0) complain(path, '"kafka" names no broker');
  return list.map((broker) => broker.trim());
}

/** Checks the text of an access file. */
export function parseAccess(path: string, text: string): Access {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    complain(path, 'is not JSON');
  }
  if (!isRecord(parsed)) complain(path, 'is not a JSON object');
  const { bots } = parsed;
  if (!Array.isArray(bots) || bots.length === 0) complain(path, '"bots" names no bot');
  return {
    ingress: address(path, parsed, 'ingress'),
    dedupe: address(path, parsed, 'dedupe'),
    ticketing: address(path, parsed, 'ticketing'),
    retry: parsed['retry'] === undefined ? undefined : address(path, parsed, 'retry'),
    kafka: brokers(path, parsed['kafka']),
    database: address(path, parsed, 'database'),
    bots: bots.map((entry) => bot(path, entry)),
    tokens: tokens(path, parsed['tokens']),
    pids: pids(parsed['pids']),
  };
}

/** Reads how to reach the running system, or says that none runs. */
export function readAccess(root: string = repositoryRoot()): Access {
  const path = accessPath(root);
  if (!existsSync(path))
    throw new UsageError('nothing is running here (no .onceline/access.json): start it with npm start');
  return parseAccess(path, readFileSync(path, 'utf8'));
}
