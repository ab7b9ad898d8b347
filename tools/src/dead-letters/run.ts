import { setTimeout as sleep } from 'node:timers/promises';
import type { Order } from './arguments.js';
import {
  countWords,
  groupsTable,
  listTable,
  page,
  progressWords,
  redrivesTable,
  type DeadLetterLine,
  type DeadLetterPage,
  type Group,
  type RedriveLine,
  type RedriveProgress,
} from './print.js';
import type { RetryApi } from './retry-api.js';

/** What a command came to. */
export interface Conclusion {
  readonly line: string;
  readonly good: boolean;
}

type Say = (line: string) => void;

const WATCH_EVERY_MS = 500;

/** Runs one command; what it says goes to `say`, its result is the last line. */
export async function runOrder(api: RetryApi, order: Order, say: Say): Promise<Conclusion> {
  switch (order.command) {
    case 'list':
      return list(api, order, say);
    case 'groups':
      return groups(api, order, say);
    case 'show':
      return show(api, order, say);
    case 'redrive':
      return redrive(api, order, say);
    case 'discard':
      return discard(api, order, say);
    case 'cancel':
      return cancel(api, order, say);
    case 'status':
      return status(api, order, say);
    case 'help':
      throw new Error('help is no order');
    default:
      return order.command satisfies never;
  }
}

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

async function list(api: RetryApi, order: Order, say: Say): Promise<Conclusion> {
  const query = { ...order.filter, limit: String(order.limit) };
  const found = await api.get<Page<DeadLetterLine>>('/v1/dead-letters', query);
  say(order.json ? json(found) : listTable(found.items));
  return good(`${found.items.length} shown${found.nextCursor === null ? '' : ', there are more'}`);
}

async function groups(api: RetryApi, order: Order, say: Say): Promise<Conclusion> {
  const query = { ...order.filter, limit: String(order.limit) };
  const found = await api.get<Page<Group>>('/v1/dead-letter-groups', query);
  say(order.json ? json(found) : groupsTable(found.items));
  const open = found.items.reduce((sum, { statuses }) => sum + (statuses['open'] ?? 0), 0);
  return good(`${found.items.length} groups, ${open} open${found.nextCursor === null ? '' : ', there are more'}`);
}

async function show(api: RetryApi, order: Order, say: Say): Promise<Conclusion> {
  const found = await api.get<DeadLetterPage>(`/v1/dead-letters/${encodeURIComponent(order.ids[0] ?? '')}`);
  say(order.json ? json(found) : page(found));
  return good(`${found.id} is ${found.status}`);
}

interface DryRun {
  readonly selected: number;
  readonly rehearsed: number;
  readonly results: Readonly<Record<string, number>>;
  readonly summary: string;
}

async function redrive(api: RetryApi, order: Order, say: Say): Promise<Conclusion> {
  if (order.body['dryRun'] === true) {
    const rehearsed = await api.post<DryRun>('/v1/redrives', order.body);
    if (order.json) say(json(rehearsed));
    return good(`dry run: ${rehearsed.summary}`);
  }
  const started = await api.post<RedriveProgress>('/v1/redrives', order.body);
  if (!order.json) say(`redrive ${started.id} has begun: ${started.selected} selected (${started.selection})`);
  if (!order.wait) return good(`redrive ${started.id} runs`);
  const ended = await watch(api, started, (line) => order.json || say(line));
  if (order.json) say(json(ended));
  return conclude(ended);
}

/** Until everything that was sent has its outcome. */
async function watch(api: RetryApi, started: RedriveProgress, say: Say): Promise<RedriveProgress> {
  let last = '';
  for (;;) {
    const now = await api.get<RedriveProgress>(`/v1/redrives/${started.id}`);
    const words = progressWords(now);
    if (words !== last) say(`  ${words}`);
    last = words;
    if (now.state !== 'running' && now.counts.sent === 0) return now;
    await sleep(WATCH_EVERY_MS);
  }
}

function conclude(redrive: RedriveProgress): Conclusion {
  const note = redrive.note === null ? '' : ` (${redrive.note})`;
  const outcomes = countWords(redrive.outcomes);
  const line = `redrive ${redrive.id} ${redrive.state}${note}: ${progressWords(redrive)}${outcomes === '' ? '' : ` (${outcomes})`}`;
  return { line, good: redrive.state !== 'stopped' && redrive.counts.failedAgain === 0 };
}

async function discard(api: RetryApi, order: Order, say: Say): Promise<Conclusion> {
  const done = await api.post<{ discarded: number; skipped: readonly { id: string; status: string }[] }>(
    '/v1/dead-letters/discard',
    order.body,
  );
  if (order.json) say(json(done));
  else for (const { id, status: state } of done.skipped) say(`  ${id} is ${state}: left as it is`);
  return good(`${done.discarded} discarded`);
}

async function cancel(api: RetryApi, order: Order, say: Say): Promise<Conclusion> {
  const cancelled = await api.post<RedriveProgress>(`/v1/redrives/${order.ids[0]}/cancel`, order.body);
  if (order.json) say(json(cancelled));
  return good(`redrive ${cancelled.id} ${cancelled.state}: ${progressWords(cancelled)}`);
}

async function status(api: RetryApi, order: Order, say: Say): Promise<Conclusion> {
  const [id] = order.ids;
  if (id === undefined) {
    const found = await api.get<Page<RedriveLine>>('/v1/redrives', { limit: String(order.limit) });
    say(order.json ? json(found) : redrivesTable(found.items));
    return good(`${found.items.filter(({ state }) => state === 'running').length} redrives run`);
  }
  const found = await api.get<RedriveProgress>(`/v1/redrives/${encodeURIComponent(id)}`);
  if (order.json) say(json(found));
  return conclude(found);
}

function good(line: string): Conclusion {
  return { line, good: true };
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
