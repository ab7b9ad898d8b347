/** Agents, time and updates change the same tickets at the same moments: nobody's change is lost or done twice, and nobody waits crosswise. */
import { setTimeout as sleep } from 'node:timers/promises';
import { releaseStack } from '@onceline/testing';
import { openStore, reopened, settling, type TestStore, testVault, tracedMessage } from '../store/fixtures.spec.js';
import { readModelChecksum, rebuildReadModels } from '../store/rebuild-read-models.js';
import { settleUpdates } from '../store/settle-updates.js';
import { RunTimers } from '../timers/run-timers.js';
import { byId } from './find-ticket.js';
import { WorkOnTicket } from './work-on-ticket.js';

let store: TestStore;
beforeEach(async () => {
  store = await openStore();
});
afterEach(() => store.close());
afterAll(releaseStack);

const DAY_MS = 86_400_000;
const tomorrow = new Date(Date.now() + DAY_MS).toISOString();
const CHATS = [1, 2, 3, 4];
const ROUNDS = 40;

it('all of it is there, in histories without gaps', async () => {
  const settle = settling(store.withSession);
  const ids = (await settle(CHATS.map((chat) => tracedMessage(chat)))).map(({ ticketId }) => ticketId ?? '');
  const { withSession } = store;
  const committed = () => undefined;
  const work = new WorkOnTicket({ withSession, vault: testVault(), committed });
  const timers = new RunTimers({
    ...{ withSession, committed, closeAfterMs: () => null, bots: () => [] },
    // Whatever is snoozed is due.
    now: () => new Date(Date.now() + 2 * DAY_MS),
  });
  const ask = (ticketId: string, wish: Parameters<WorkOnTicket['do']>[0]) =>
    work.do(wish, { key: undefined, actor: 'ada', route: '', body: undefined, find: byId(ticketId) });

  const updates = async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      // In turns in one order and the other.
      const chats = round % 2 === 0 ? CHATS : CHATS.toReversed();
      await settleUpdates(
        chats.map((chat) => tracedMessage(chat)),
        settle,
      );
    }
  };
  const agent = async (by: number) => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const ticketId = ids[(round + by) % ids.length] ?? '';
      // A moment to think, as short as no agent's, so that others come in between.
      await sleep(5);
      await ask(ticketId, { type: 'add-note', text: `${by} ${round}` });
      await ask(ticketId, {
        type: 'change-ticket',
        changes: { status: 'snoozed', snoozedUntil: tomorrow },
      });
    }
  };
  const time = async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      await timers.run('wake');
      await sleep(5);
    }
  };
  await Promise.all([updates(), agent(0), agent(1), time(), time()]);

  const [counts] = await store.ask<Record<string, number>>(
    `select count(*) filter (where type = 'message-appended')::int as messages, count(*) filter (where type = 'note-added')::int as notes
       from ticketing.events`,
  );
  expect(counts).toEqual({ messages: CHATS.length * (ROUNDS + 1), notes: 2 * ROUNDS });
  const gaps = `select ticket_id from ticketing.events group by ticket_id having max(version) <> count(*)`;
  expect(await store.ask(gaps)).toEqual([]);
  const before = await readModelChecksum(store.withSession);
  await rebuildReadModels(store.withSession);
  expect(await readModelChecksum(store.withSession)).toBe(before);
  store = await reopened(store);
  const deadlocks = 'select deadlocks::int as n from pg_stat_database where datname = current_database()';
  expect(await store.ask(deadlocks)).toEqual([{ n: 0 }]);
}, 120_000);
