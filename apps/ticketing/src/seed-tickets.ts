import { parseArgs } from 'node:util';
import { databaseSecurity, runMain, StartRefused } from '@onceline/service-kit';
import { readKeyConfig } from './config.js';
import { openVault } from './privacy/open-vault.js';
import type { Vault } from './privacy/vault.js';
import { FollowWords } from './search/follow-words.js';
import { SEED_BOT, seedHistory, TICKETS_PER_CHAT } from './seeding/seed-history.js';
import { followEvents } from './sla/keep-clocks.js';
import { SlaPolicies } from './sla/sla-policy.store.js';
import { inTurn } from './store/in-turn.js';
import { openForProgram } from './store/open-database.js';
import { rebuildReadModels } from './store/rebuild-read-models.js';
import type { Session, WithSession } from './store/session.js';
import { sessionsOf } from './store/sessions.js';
import { writeSealed } from './store/write-sealed.js';

const CHATS_AT_ONCE = 500;

const OTHERS = { text: 'select 1 from ticketing.tickets where bot_id <> $1 limit 1' };
/** Nobody is sent what is made up. */
const AS_PUBLISHED = `update ticketing.outbox_cursors set tx_id = pg_snapshot_xmin(pg_current_snapshot()), id = 0 where source = 'events'`;

/** Fills a database that serves for measuring with tickets: events and ledger as the rules make them, then read models from the events. */
await runMain(async () => {
  const { values } = parseArgs({ options: { tickets: { type: 'string' }, first: { type: 'string', default: '0' } } });
  const [tickets, first] = [Number(values.tickets), Number(values.first)];
  if (![tickets, first].every((count) => Number.isInteger(count / TICKETS_PER_CHAT))) {
    throw new StartRefused(`Usage: node dist/seed-tickets.js --tickets N --first N (multiples of ${TICKETS_PER_CHAT})`);
  }
  const config = readKeyConfig();
  const postgres = await openForProgram('seed', { url: config.DATABASE_URL, ...databaseSecurity(config) });
  const withSession = sessionsOf(postgres);
  try {
    const vault = await openVault(withSession, config.MASTER_KEYS);
    const events = await withSession((session) => write(session, vault, { first, tickets }));
    const rebuilt = await rebuildReadModels(withSession);
    await followAll(withSession, vault);
    await postgres.query('analyze');
    console.log(JSON.stringify({ tickets, events, stored: rebuilt.tickets }));
  } finally {
    await postgres.close();
  }
});

/** Words and clocks too, so that a service that starts on it has nothing to catch up with. */
async function followAll(withSession: WithSession, vault: Vault): Promise<void> {
  const words = new FollowWords(withSession, vault);
  const policies = new SlaPolicies();
  const clocks = (session: Session) => followEvents(session, policies, Date.now());
  await Promise.all([untilNothing(() => words.run()), untilNothing(() => inTurn(withSession, 'sla', clocks))]);
}

async function untilNothing(followPage: () => Promise<number>): Promise<void> {
  while ((await followPage()) > 0);
}

async function write(
  session: Session,
  vault: Vault,
  { first, tickets }: { first: number; tickets: number },
): Promise<number> {
  if ((await session.query(OTHERS, [SEED_BOT])).rowCount > 0) {
    throw new StartRefused('This database holds tickets of others. Made up ones belong into one of their own.');
  }
  await session.command('set synchronous_commit = off');
  const end = (first + tickets) / TICKETS_PER_CHAT;
  let events = 0;
  for (let firstChat = first / TICKETS_PER_CHAT; firstChat < end; firstChat += CHATS_AT_ONCE) {
    const plan = seedHistory({ firstChat, chats: Math.min(CHATS_AT_ONCE, end - firstChat) });
    await writeSealed(session, plan, vault);
    events += plan.events.length;
  }
  await session.command(AS_PUBLISHED);
  return events;
}
