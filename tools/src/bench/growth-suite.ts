import { TOPICS } from '@onceline/contracts';
import { messageUpdate, uniqueRecord } from '@onceline/testing';
import { credentialSettings } from '../demo-credentials.js';
import { resultOfTicketingProgram } from '../ticketing-program.js';
import { rateOf } from './commit-rate.js';
import { GROWTH_READS, millisecondsOf } from './growth-reads.js';
import { quantile } from './statistics.js';
import { inParallel, withWorkbench, type Suite, type Workbench } from './suite-context.js';

const METHOD =
  'Stored tickets are seeded through events (seed-tickets: rules, ledger, events, then a rebuild, words and clocks; four tickets a customer, 3 % in the queue). ' +
  'At each size, with one process of ticketing: updates that lie in telegram.updates.unique, each in a conversation of its own, one in twelve a stored one and these spread over all, so that neither cache nor batch helps and every size does the same work; ' +
  'rate between the 10th and the 90th percentile of commits, dedupe not included. Then each read over HTTP, one after the other on one connection, when words and clocks have caught up and nothing else runs; ids and cursors spread over all tickets. ' +
  'PostgreSQL with fsync on, analyzed after the seeding.';

/** As the program for seeding has them. */
const BOT = '1000001';
const FIRST_CHAT = 600_000_000;
const TICKETS_PER_CHAT = 4;

interface Level {
  /** Tickets stored before it is measured. */
  readonly tickets: number;
  readonly updates: number;
  readonly reads: number;
}

const sizes = (quick: boolean): readonly Level[] =>
  quick
    ? [400, 2000, 10_000].map((tickets) => ({ tickets, updates: 8000, reads: 50 }))
    : [10_000, 100_000, 1_000_000].map((tickets) => ({ tickets, updates: 30_000, reads: 1000 }));

/** What an update and a read cost with more and more tickets stored. */
export const growthSuite: Suite = ({ quick, say }) =>
  withWorkbench({ services: [], onProgress: say }, async (bench) => {
    const levels = sizes(quick);
    const figures: Record<string, number> = {};
    const rates: number[] = [];
    let stored = 0;
    let sent = 0;
    for (const level of levels) {
      await seed(bench, { first: stored, tickets: level.tickets - stored });
      stored = level.tickets;
      const at = labelOf(stored);
      const rate = await updatesPerSecond(bench, { level, first: sent });
      sent += level.updates;
      rates.push(rate);
      figures[`updates_per_second_at_${at}`] = rate;
      say(`${at}: ${Math.round(rate)} updates/s`);
      for (const [name, samples] of await readTimes(bench, level)) {
        figures[`${name}_p50_ms_at_${at}`] = quantile(samples, 0.5);
        figures[`${name}_p99_ms_at_${at}`] = quantile(samples, 0.99);
        say(`${at}: ${name} p99 ${quantile(samples, 0.99).toFixed(1)} ms`);
      }
    }
    figures['rate_ratio_largest_to_smallest'] = (rates.at(-1) ?? Number.NaN) / (rates[0] ?? Number.NaN);
    return { suite: 'growth', figures, targets: targetsAt(labelOf(stored)), method: METHOD, quick };
  });

const targetsAt = (largest: string) => [
  { figure: 'rate_ratio_largest_to_smallest', op: '>=', value: 0.8 } as const,
  ...GROWTH_READS.map(({ name }) => ({ figure: `${name}_p99_ms_at_${largest}`, op: '<=', value: 50 }) as const),
];

function labelOf(tickets: number): string {
  if (tickets >= 1_000_000) return `${tickets / 1_000_000}m`;
  return tickets >= 1000 ? `${tickets / 1000}k` : String(tickets);
}

async function seed({ system }: Workbench, { first, tickets }: { first: number; tickets: number }): Promise<void> {
  const args = ['--first', `${first}`, '--tickets', `${tickets}`];
  await resultOfTicketingProgram(
    'seed-tickets',
    system.stack.postgres.url,
    args,
    credentialSettings(system.credentials),
  );
}

/** Steps by a prime through all conversations, so that no two neighbours are close in any index. */
const STRIDE = 7919;

/** One of so many updates is of a customer who has tickets: the share that the smallest size has conversations for, so that all sizes do the same work. */
const UPDATES_PER_STORED_CHAT = 12;

/** Each in a conversation of its own. */
function growthUpdate(n: number, chats: number): Buffer {
  const isStored = n % UPDATES_PER_STORED_CHAT === 0;
  const chat = isStored ? ((n / UPDATES_PER_STORED_CHAT) * STRIDE) % chats : 1_000_000_000 + n;
  return messageUpdate({
    updateId: 1_000_000_000 + n,
    chatId: FIRST_CHAT + chat,
    messageId: 1_000_000 + n,
    date: 1_798_761_600 + Math.floor(n / 100),
    text: `Where is order ${n}? The tracking page has not changed since yesterday`,
  });
}

async function updatesPerSecond(
  { system, kafka, database }: Workbench,
  { level, first }: { level: Level; first: number },
): Promise<number> {
  // Of the events alone that are new: the tables are large.
  await database.query('set enable_seqscan = off');
  const { rows } = await database.query<{ xid: string }>('select pg_current_xact_id()::text as xid');
  const producer = await kafka.producer();
  const chats = level.tickets / TICKETS_PER_CHAT;
  await inParallel(level.updates, 2000, (n) =>
    producer.send(TOPICS.unique, uniqueRecord(BOT, growthUpdate(first + n, chats))),
  );
  await producer.close();
  const service = await system.addInstance('ticketing');
  try {
    const table = `ticketing.events where tx_id > '${rows[0]?.xid}'::xid8 and type = 'message-appended'`;
    return await rateOf(database, { table, time: 'recorded_at', count: level.updates });
  } finally {
    await system.removeInstance(service);
  }
}

const UNFOLLOWED = ['words_cursor', 'sla_cursor']
  .map(
    (cursor) =>
      `exists (select from ticketing.events where (tx_id, global_id) > ((select tx_id from ticketing.${cursor}), (select id from ticketing.${cursor})))`,
  )
  .join(' or ');

/** Words and clocks go a page a second, and are still behind the updates of before. */
async function allFollowed(database: Workbench['database']): Promise<void> {
  for (;;) {
    const { rows } = await database.query<{ behind: boolean }>(`select ${UNFOLLOWED} as behind`);
    if (rows[0]?.behind === false) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function readTimes({ system, database }: Workbench, level: Level): Promise<readonly [string, number[]][]> {
  const service = await system.addInstance('ticketing');
  try {
    await allFollowed(database);
    const chats = level.tickets / TICKETS_PER_CHAT;
    const conversations = Array.from(
      { length: level.reads },
      (_, n) => `${BOT}:${FIRST_CHAT + ((n * STRIDE) % chats)}`,
    );
    const { rows } = await database.query<{ id: string; conversation: string }>(
      `select distinct on (conversation) ticket_id as id, conversation from ticketing.tickets where conversation = any($1)`,
      [conversations],
    );
    const { viewer } = system.access().tokens;
    const results: [string, number[]][] = [];
    for (const read of GROWTH_READS) {
      const samples = await millisecondsOf(read, {
        url: service.url,
        token: viewer,
        tickets: rows,
        reads: level.reads,
      });
      results.push([read.name, samples]);
    }
    return results;
  } finally {
    await system.removeInstance(service);
  }
}
