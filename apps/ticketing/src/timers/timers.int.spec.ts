/** What only time does is done once for each ticket, with any number of instances, and late where nobody ran in time. */
import { settling, type TestStore, testVault, tracedMessage, withOwnStore } from '../store/fixtures.spec.js';
import { readModelChecksum, rebuildReadModels } from '../store/rebuild-read-models.js';
import { byId } from '../work/find-ticket.js';
import { WorkOnTicket } from '../work/work-on-ticket.js';
import type { TicketChanges } from '../ticket/commands.js';
import { RunTimers } from './run-timers.js';

let store: TestStore;
withOwnStore((own) => (store = own));

const NOON = Date.UTC(2026, 0, 1, 12);
const HOUR = 3_600_000;
const iso = (hours: number) => new Date(NOON + hours * HOUR).toISOString();

/** Tickets that an agent has changed so at noon. */
async function tickets(count: number, changes: TicketChanges, firstChat = 1): Promise<void> {
  const chats = Array.from({ length: count }, (_, index) => firstChat + index);
  const settled = await settling(store.withSession)(chats.map((chat) => tracedMessage(chat)));
  const { withSession } = store;
  const work = new WorkOnTicket({
    withSession,
    vault: testVault(),
    committed: () => undefined,
    now: () => new Date(NOON),
  });
  const asked = { key: undefined, actor: 'ada', route: '', body: undefined };
  for (const { ticketId } of settled) {
    await work.do({ type: 'change-ticket', changes }, { ...asked, find: byId(ticketId ?? '') });
  }
}
const timersAt = (hours: number, closeAfter: Readonly<Record<string, number | null>> = {}) =>
  new RunTimers({
    withSession: store.withSession,
    closeAfterMs: (botId) => (botId in closeAfter ? (closeAfter[botId] ?? null) : 96 * HOUR),
    bots: () => Object.keys(closeAfter),
    committed: () => undefined,
    now: () => new Date(NOON + hours * HOUR),
  });
const statuses = async () =>
  (
    await store.ask<{ status: string; n: number }>(
      'select status, count(*)::int as n from ticketing.tickets group by status order by status',
    )
  ).map(({ status, n }) => `${n} ${status}`);

it('snoozed tickets wake at their time, each once, whoever looks', async () => {
  await tickets(5, { status: 'snoozed', snoozedUntil: iso(2) });
  await tickets(3, { status: 'snoozed', snoozedUntil: iso(50) }, 100);
  expect(await timersAt(1).run('wake')).toBe(0);
  const changed = await Promise.all([1, 2, 3].map(() => timersAt(3).run('wake')));
  expect(changed.reduce((sum, count) => sum + count, 0)).toBe(5);
  expect(await statuses()).toEqual(['5 open', '3 snoozed']);
  expect(await timersAt(3).run('wake')).toBe(0);
});

it('after an outage all that was due is done, in more than one transaction', async () => {
  await tickets(450, { status: 'snoozed', snoozedUntil: iso(2) });
  expect(await timersAt(1000).run('wake')).toBe(450);
  expect(await statuses()).toEqual(['450 open']);
}, 120_000);

it('resolved tickets are closed after the silence that their bot allows', async () => {
  await tickets(2, { status: 'resolved' });
  expect(await timersAt(95).run('close')).toBe(0);
  expect(await timersAt(1000, { '7': null }).run('close')).toBe(0);
  expect(await timersAt(97, { '8': 1 }).run('close')).toBe(2);
  expect(await statuses()).toEqual(['2 closed']);
  await tickets(1, { status: 'resolved' }, 50);
  expect(await timersAt(2, { '7': HOUR }).run('close')).toBe(1);
});

it('a rebuild from the events gives the same read models', async () => {
  await tickets(2, { status: 'snoozed', snoozedUntil: iso(2) });
  await timersAt(3).run('wake');
  const before = await readModelChecksum(store.withSession);
  await rebuildReadModels(store.withSession);
  expect(await readModelChecksum(store.withSession)).toBe(before);
});
