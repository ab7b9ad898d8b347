/** Who is removed leaves no ticket behind that nobody looks at, whatever the rules and his colleagues do meanwhile. */
import { settling, tracedMessage, withOwnStore, type TestStore } from '../store/fixtures.spec.js';
import { readModelChecksum, rebuildReadModels } from '../store/rebuild-read-models.js';
import { RunAssignment } from '../timers/run-assignment.js';
import { AgentStore } from './agent.store.js';
import { byId } from './find-ticket.js';
import { RemoveAgent } from './remove-agent.js';
import { WorkOnTicket } from './work-on-ticket.js';

let store: TestStore;
withOwnStore((own) => (store = own));

const committed = () => undefined;
const removing = () => new RemoveAgent({ withSession: store.withSession, committed });
const register = (name: string, capacity: number) =>
  new AgentStore(store.withSession).write({ name, capacity, team: null, isAway: false, changedBy: 'alice' });
const assigning = () =>
  new RunAssignment({
    ...{ withSession: store.withSession, committed },
    bots: () => [{ botId: '7', mode: 'least-loaded', team: null }],
  });
async function tickets(count: number): Promise<string[]> {
  const updates = Array.from({ length: count }, (_, index) => tracedMessage(index + 1));
  return (await settling(store.withSession)(updates)).map(({ ticketId }) => ticketId ?? '');
}
const give = (ticketId: string, assignee: string) =>
  new WorkOnTicket({ withSession: store.withSession, vault: store.vault, committed }).do(
    { type: 'change-ticket', changes: { assignee } },
    { ...{ key: undefined, actor: 'alice', route: '', body: undefined }, find: byId(ticketId) },
  );
const assignees = () =>
  store.ask<{ who: string; n: number }>(
    `select coalesce(assignee, 'nobody') as who, count(*)::int as n from ticketing.tickets group by 1 order by 1`,
  );

it('more tickets than one transaction changes are handed back, each with its event', async () => {
  const ids = await tickets(450);
  await register('eve', 1000);
  expect(await assigning().run()).toBe(450);
  expect(await removing().remove('eve', { by: 'alice', handsBack: false })).toEqual({ activeTickets: 450 });
  expect(await removing().remove('eve', { by: 'alice', handsBack: true })).toBe('removed');
  expect(await assignees()).toEqual([{ who: 'nobody', n: ids.length }]);
  const events = `select count(*)::int as n from ticketing.events where type = 'ticket-assigned'
    and payload #>> '{data,assignee}' is null and payload #>> '{data,by}' = 'alice'`;
  expect(await store.ask(events)).toEqual([{ n: 450 }]);
  const before = await readModelChecksum(store.withSession);
  await rebuildReadModels(store.withSession);
  expect(await readModelChecksum(store.withSession)).toBe(before);
}, 120_000);

it('while the rules give tickets away and a colleague takes some: nobody who has gone has one of them', async () => {
  const ids = await tickets(60);
  await register('eve', 1000);
  await register('kim', 1000);
  await assigning().run();
  const [removed] = await Promise.all([
    removing().remove('eve', { by: 'alice', handsBack: true }),
    (async () => {
      for (let round = 0; round < 5; round += 1) await assigning().run();
    })(),
    (async () => {
      for (const id of ids.slice(0, 20)) await give(id, 'mia');
    })(),
  ]);
  expect(removed).toBe('removed');
  await assigning().run();
  const left = await assignees();
  expect(left.map(({ who }) => who)).toEqual(['kim', 'mia']);
  expect(left.find(({ who }) => who === 'mia')?.n).toBe(20);
});
