/** Tickets that nobody has are given to agents: each once, nobody above his capacity, with any number of instances and while agents take some themselves. */
import { settling, tracedMessage, withOwnStore, type TestStore } from '../store/fixtures.spec.js';
import { readModelChecksum, rebuildReadModels } from '../store/rebuild-read-models.js';
import type { AssignmentMode } from '../ticket/assign-tickets.js';
import type { TicketChanges } from '../ticket/commands.js';
import { AgentStore } from '../work/agent.store.js';
import { byId, nextInQueue } from '../work/find-ticket.js';
import { WorkOnTicket } from '../work/work-on-ticket.js';
import { RunAssignment } from './run-assignment.js';

let store: TestStore;
withOwnStore((own) => (store = own));

const committed = () => undefined;
let chat = 0;
async function tickets(count: number): Promise<string[]> {
  const updates = Array.from({ length: count }, () => tracedMessage((chat += 1)));
  return (await settling(store.withSession)(updates)).map(({ ticketId }) => ticketId ?? '');
}
const register = (name: string, capacity: number, changes: { team?: string; isAway?: boolean } = {}) =>
  new AgentStore(store.withSession).write({
    name,
    capacity,
    team: null,
    isAway: false,
    changedBy: 'admin',
    ...changes,
  });
const assigning = (mode: AssignmentMode = 'round-robin', team: string | null = null) =>
  new RunAssignment({ withSession: store.withSession, committed, bots: () => [{ botId: '7', mode, team }] });
const asked = { key: undefined, route: '', body: undefined };
const change = (ticketId: string, changes: TicketChanges) =>
  new WorkOnTicket({ withSession: store.withSession, vault: store.vault, committed }).do(
    { type: 'change-ticket', changes },
    { ...asked, actor: 'admin', find: byId(ticketId) },
  );
const loads = async () =>
  (
    await store.ask<{ who: string; n: number }>(
      `select coalesce(assignee, 'nobody') as who, count(*)::int as n from ticketing.tickets where status in ('new', 'open')
         group by 1 order by 1`,
    )
  ).map(({ who, n }) => `${who} ${n}`);

it('once each, whoever looks, until all have as much as they can have', async () => {
  await tickets(20);
  await register('ada', 6);
  await register('bob', 8);
  await register('eve', 9, { isAway: true });
  const given = await Promise.all([1, 2, 3].map(() => assigning().run()));
  expect(given.reduce((sum, count) => sum + count, 0)).toBe(14);
  expect(await loads()).toEqual(['ada 6', 'bob 8', 'nobody 6']);
  const events = `select payload #>> '{data,reason}' as reason, payload #>> '{data,by}' as by, count(*)::int as n
    from ticketing.events where type = 'ticket-assigned' group by 1, 2`;
  expect(await store.ask(events)).toEqual([{ reason: 'round-robin', by: null, n: 14 }]);
  expect(await assigning().run()).toBe(0);
});

it('turns go on where they ended, and what an agent is done with makes room', async () => {
  const ids = await tickets(1);
  await register('ada', 1);
  await register('bob', 2);
  await assigning().run();
  expect(await loads()).toEqual(['ada 1']);
  await change(ids[0] ?? '', { status: 'pending' });
  await tickets(1);
  await assigning().run();
  expect(await loads()).toEqual(['bob 1']);
  await tickets(3);
  expect(await assigning().run()).toBe(2);
  expect(await loads()).toEqual(['ada 1', 'bob 2', 'nobody 1']);
});

it('to the least loaded', async () => {
  for (const id of await tickets(3)) await change(id, { assignee: 'ada' });
  await tickets(4);
  await register('ada', 10);
  await register('bob', 10);
  await assigning('least-loaded').run();
  expect(await loads()).toEqual(['ada 4', 'bob 3']);
});

it('to agents of the team, which is the policy’s where the ticket has none; others wait and hide nothing', async () => {
  const [refund, rest] = [await tickets(1), await tickets(2)];
  await change(refund[0] ?? '', { team: 'refunds', priority: 'urgent' });
  await register('ada', 10, { team: 'support' });
  await register('bob', 10);
  expect(await assigning('round-robin', 'support').run()).toBe(rest.length);
  expect(await loads()).toEqual(['ada 2', 'nobody 1']);
});

it('while agents take some themselves: each ticket has one, and a rebuild gives the same', async () => {
  await tickets(30);
  await register('ada', 100);
  await register('bob', 100);
  const work = new WorkOnTicket({ withSession: store.withSession, vault: store.vault, committed });
  const take = () =>
    work.do(
      { type: 'change-ticket', changes: { assignee: 'mia' } },
      { ...asked, actor: 'mia', find: nextInQueue({ sort: 'priority', bot: '7' }) },
    );
  const taken = await Promise.all([
    ...Array.from({ length: 5 }, take),
    assigning().run(),
    assigning('least-loaded').run(),
  ]);
  expect(taken.length).toBe(7);
  await assigning().run();
  const assignments = `select count(*)::int as n, count(distinct ticket_id)::int as tickets from ticketing.events where type = 'ticket-assigned'`;
  expect(await store.ask(assignments)).toEqual([{ n: 30, tickets: 30 }]);
  const before = await readModelChecksum(store.withSession);
  await rebuildReadModels(store.withSession);
  expect(await readModelChecksum(store.withSession)).toBe(before);
});
