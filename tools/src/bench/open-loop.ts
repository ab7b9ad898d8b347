import { setTimeout as sleep } from 'node:timers/promises';
import { idempotencyKey, isMalformed, parseUpdate } from '@onceline/contracts';
import { Client } from 'pg';
import type { Access } from '../access.js';
import { HttpLane } from './http-lane.js';
import { webhookRequest } from './payloads.js';

/** Updates of the first bot, sent at a fixed pace whatever becomes of the earlier ones. */
export interface OpenLoad {
  readonly perSecond: number;
  readonly count: number;
  /** Bytes of the n-th update, from 0. */
  readonly update: (n: number) => Buffer;
}

const LANES = 32;
const PATIENCE_MS = 60_000;

/** Milliseconds of each update, in order, from the moment at which it was due until its ledger row was heard of. */
export async function timeToLedger(access: Access, { perSecond, count, update }: OpenLoad): Promise<number[]> {
  const bot = access.bots[0] ?? { id: '', secret: '' };
  const { hostname, port, host } = new URL(access.ingress);
  const target = { host, path: `/telegram/${bot.id}`, secret: bot.secret };
  const lanes = await Promise.all(Array.from({ length: LANES }, () => HttpLane.open(hostname, Number(port))));
  const ear = await CommitListener.open(access.database);
  const waiting: ((lane: HttpLane) => void)[] = [];
  const free = [...lanes];
  const lend = () =>
    new Promise<HttpLane>((resolve) => {
      // Round robin: the ingress closes a connection that has been idle for long.
      const lane = free.shift();
      if (lane) resolve(lane);
      else waiting.push(resolve);
    });
  const giveBack = (lane: HttpLane) => (waiting.shift() ?? ((idle) => void free.push(idle)))(lane);
  const post = async (bytes: Buffer) => {
    const lane = await lend();
    const status = await lane.send(webhookRequest(target, bytes));
    giveBack(lane);
    if (status !== 200) throw new Error(`the ingress answered ${status}`);
  };
  try {
    return await atPace({ perSecond, count }, async (n, due) => {
      const bytes = update(n);
      const [heardAt] = await Promise.all([ear.heard(keyOf(bot.id, bytes)), post(bytes)]);
      return heardAt - due;
    });
  } finally {
    lanes.forEach((lane) => lane.close());
    await ear.close();
  }
}

/** Calls `send` when each number is due, without waiting for earlier ones. Answers what they came to once all have settled. */
async function atPace<T>(
  { perSecond, count }: Pick<OpenLoad, 'perSecond' | 'count'>,
  send: (n: number, due: number) => Promise<T>,
): Promise<T[]> {
  const startAt = performance.now() + 50;
  const sent: Promise<T>[] = [];
  for (let n = 0; n < count; n += 1) {
    const due = startAt + (n * 1000) / perSecond;
    const early = due - performance.now();
    if (early > 0) await sleep(early);
    const each = send(n, due);
    // It is reported at the end; until then a refusal must not end the process.
    each.catch(() => undefined);
    sent.push(each);
  }
  return Promise.all(sent);
}

function keyOf(botId: string, bytes: Buffer): string {
  const update = parseUpdate(bytes);
  if (isMalformed(update)) throw new Error(update.malformed);
  return idempotencyKey(botId, update);
}

/** Hears of ledger rows once they are committed, through a trigger that exists only while it listens. */
class CommitListener {
  private readonly expected = new Map<string, (at: number) => void>();

  private constructor(private readonly client: Client) {
    client.on('notification', ({ payload = '' }) => {
      this.expected.get(payload)?.(performance.now());
      this.expected.delete(payload);
    });
  }

  static async open(url: string): Promise<CommitListener> {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query(`create or replace function bench_settled() returns trigger language plpgsql as
      $$ begin perform pg_notify('bench_settled', new.idempotency_key); return null; end $$`);
    await client.query(`create or replace trigger bench_settled after insert on ticketing.ledger
      for each row execute function bench_settled()`);
    await client.query('listen bench_settled');
    return new CommitListener(client);
  }

  /** When the row of this key was heard of. */
  heard(key: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no ledger row of ${key} within a minute`)), PATIENCE_MS);
      this.expected.set(key, (at) => {
        clearTimeout(late);
        resolve(at);
      });
    });
  }

  async close(): Promise<void> {
    await this.client.query('drop trigger bench_settled on ticketing.ledger');
    await this.client.end();
  }
}
