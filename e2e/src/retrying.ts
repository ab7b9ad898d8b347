import { HEADERS, retryTopicName, TOPICS, type Outcome } from '@onceline/contracts';
import { eventually } from '@onceline/testing';
import type { System } from '@onceline/tools';
import { post, privateMessage, read } from './webhook.js';

/** A ladder so short that a spec can climb it. */
export interface ShortLadder {
  readonly rungsMs: readonly number[];
  readonly tries: number;
}

/** What ticketing says about one update. */
export interface Entry {
  /** Absent while ticketing has not heard of it. */
  readonly outcome?: Outcome;
  readonly reason: string | null;
  readonly attempts: number;
  readonly ticketId: string | null;
  readonly redriveCount: number;
  readonly traceId: string | null;
}

/** A record that came back from its wait. */
export interface Return {
  readonly key: string;
  readonly attempt: number;
  readonly dueAt: number;
  readonly leftAt: number;
  /** When retry sent it on. */
  readonly backAt: number;
}

/** Settings of a system that operators may make fail; its own breaker against dead letters never closes the door. */
export function ladderEnvironment({ rungsMs, tries }: ShortLadder): Record<string, string> {
  return {
    TICKETING_RETRY_RUNGS: rungsMs.map((ms) => `${ms}ms`).join(),
    TICKETING_RETRY_TRIES: String(tries),
    FAULTS_ENABLED: 'true',
    DEAD_LETTER_BREAKER_PERCENT: '100',
    DATABASE_BREAKER_LONGEST_MS: '1000',
    LOG_LEVEL: 'warn',
  };
}

/** A message before it is sent, so that a fault can name it. */
export function message(system: System, text: string, chat: number): { key: string; body: string } {
  const { updateId, body } = privateMessage(text, chat);
  const bot = system.access().bots[0]?.id;
  return { key: `tg1:${bot}:message:${chat}:${updateId % 100_000}:${updateId}`, body };
}

/** Sends them one after the other, as Telegram does for one chat. */
export async function send(
  system: System,
  messages: readonly { readonly body: string }[],
  headers: Record<string, string> = {},
): Promise<void> {
  for (const { body } of messages) expect(await post(system, body, { headers })).toMatchObject({ status: 200 });
}

/** One chat after the other has written so many messages; all chats write at the same time. Answers the keys. */
export async function chatter(system: System, chats: readonly number[], each: number): Promise<string[]> {
  const written = chats.map((chat) => Array.from({ length: each }, (_, n) => message(system, `${chat}: ${n}`, chat)));
  await Promise.all(written.map((messages) => send(system, messages)));
  return written.flat().map(({ key }) => key);
}

/** Asks a service as an admin. */
export async function order<T>(url: string, token: string, method: string, path: string, body: object): Promise<T> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'idempotency-key': crypto.randomUUID(),
    },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

/** Those faults and no others from now on. */
export async function makeFail(system: System, rules: readonly object[]): Promise<void> {
  const { ticketing, tokens } = system.access();
  const lasting = rules.map((rule) => ({ seconds: 600, ...rule }));
  await order(ticketing, tokens.admin, 'PUT', '/v1/faults', { rules: lasting });
}

/** The entries of these updates, in their order, once none of them is unknown or waits. */
export async function settled(system: System, keys: readonly string[], withinMs = 30_000): Promise<Entry[]> {
  const done = new Map<string, Entry>();
  await eventually(
    async () => {
      const left = keys.filter((key) => !done.has(key));
      const entries = await entriesOf(system, left);
      entries.forEach((entry, index) => {
        if (entry.outcome !== undefined && entry.outcome !== 'parked') done.set(left[index] ?? '', entry);
      });
      expect(keys.filter((key) => !done.has(key))).toEqual([]);
    },
    { withinMs, everyMs: 200 },
  );
  return keys.flatMap((key) => done.get(key) ?? []);
}

export async function entriesOf(system: System, keys: readonly string[]): Promise<Entry[]> {
  return Promise.all(
    keys.map(async (key) => (await read<Entry>(system, `/v1/ledger/${encodeURIComponent(key)}`)).json),
  );
}

export async function ticketOf(
  system: System,
  id: string | null | undefined,
): Promise<{ texts: (string | null)[]; missing: string[] }> {
  const { json } = await read<{ messages: { text: string | null }[]; missing: { idempotencyKey: string }[] }>(
    system,
    `/v1/tickets/${id}`,
  );
  return {
    texts: json.messages.map(({ text }) => text),
    missing: json.missing.map(({ idempotencyKey }) => idempotencyKey),
  };
}

/** Heads of the conversations that wait, the first hundred. */
export async function parkedHeads(system: System): Promise<string[]> {
  const { json } = await read<{ items: { headKey: string }[] }>(system, '/v1/parked-conversations?limit=100');
  return json.items.map(({ headKey }) => headKey);
}

/** Records that retry brought back, by what they and the broker say; those of a redrive or a promotion did not wait. */
export async function returns(system: System): Promise<Return[]> {
  const records = await system.recordsOf(TOPICS.ticketingRedelivery);
  return records
    .filter(({ headers }) => Number(headers[HEADERS.attempt]) > 0)
    .map(({ headers, timestamp }) => ({
      key: headers[HEADERS.idempotencyKey] ?? '',
      attempt: Number(headers[HEADERS.attempt]),
      dueAt: Number(headers[HEADERS.dueAt]),
      leftAt: Number(headers[HEADERS.retriedAt]),
      backAt: timestamp,
    }));
}

/** Nobody came back before his time, nor was told a time before his rung was over. Answers all who came back. */
export async function expectNeverEarly(system: System, { rungsMs }: ShortLadder): Promise<Return[]> {
  const all = await returns(system);
  const rungOf = ({ attempt }: Return) => rungsMs[Math.min(attempt, rungsMs.length) - 1] ?? Number.NaN;
  const early = all.filter((each) => !(each.backAt >= each.dueAt && each.dueAt - each.leftAt >= rungOf(each)));
  expect(early).toEqual([]);
  return all;
}

export function rungTopics({ rungsMs }: ShortLadder): string[] {
  return rungsMs.map((ms) => retryTopicName('ticketing', ms));
}
