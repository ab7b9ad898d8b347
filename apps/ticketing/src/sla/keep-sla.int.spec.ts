/** Clocks follow the events; breaches are told once, with any number of instances, after an outage too; what was promised later is computed anew. */
import { messageFrom, settling, traced, uniqueRecord, withOwnStore, type TestStore } from '../store/fixtures.spec.js';
import type { TicketChanges } from '../ticket/commands.js';
import { byId } from '../work/find-ticket.js';
import { WorkOnTicket } from '../work/work-on-ticket.js';
import { KeepSla } from './keep-sla.js';
import { storedSlaSchema, type SlaDocument } from './sla-document.js';
import { SlaPolicyStore } from './sla-policy.store.js';

let store: TestStore;
withOwnStore((own) => (store = own));

const NOON = Date.UTC(2026, 0, 1, 12);
const minute = (minutes: number) => NOON + minutes * 60_000;
const STAFF = 77;

/** Tickets whose customers wrote at these minutes, each in a chat of his own. */
async function asked(minutes: readonly number[]): Promise<string[]> {
  const updates = minutes.map((at, index) => messageFrom(1000 + index, 'Hello', { date: minute(at) / 1000 }));
  const settled = await settling(store.withSession)(updates.map((update) => traced(uniqueRecord(update))));
  return settled.map(({ ticketId }) => ticketId ?? '');
}
async function change(ticketId: string, at: number, changes: TicketChanges): Promise<void> {
  const now = () => new Date(minute(at));
  const work = new WorkOnTicket({
    withSession: store.withSession,
    vault: store.vault,
    committed: () => undefined,
    now,
  });
  const request = { key: undefined, actor: 'ada', route: '', body: undefined, find: byId(ticketId) };
  await work.do({ type: 'change-ticket', changes }, request);
}
/** Often enough for all that there is in a spec: one look goes one page further. */
async function lookAt(at: number): Promise<void> {
  const sla = new KeepSla({ withSession: store.withSession, committed: () => undefined, now: () => minute(at) });
  for (let page = 1; page <= 4; page += 1) await sla.run();
}
let version = 0;
const promise = (changes: Partial<SlaDocument> = {}, botId = '7') => {
  version += 1;
  const targets = [{ firstResponseMinutes: 10, nextResponseMinutes: 5, resolutionMinutes: 60 }];
  const document = storedSlaSchema.parse({ targets, appliesFrom: 'always', ...changes });
  return new SlaPolicyStore(store.withSession).write({ botId, version, document, madeBy: 'ada' });
};
const told = async () =>
  (
    await store.ask<{ told: string }>(
      `select concat_ws(' ', type, payload #>> '{data,clock}', 'at', payload ->> 'occurredAt') as told
         from ticketing.events where type like 'sla-%' order by ticket_id, version`,
    )
  ).map((row) => row.told);
const ended = async () =>
  (
    await store.ask<{ row: string }>(
      `select concat_ws(' ', kind, elapsed_ms / 60000, state, 'v' || sla_version) as row from ticketing.sla_clocks
         order by ticket_id, kind, started_by`,
    )
  ).map(({ row }) => row);

beforeEach(() => (version = 0));

it('tells a warning and a breach of each clock once, however many instances look at one moment', async () => {
  await promise();
  await asked([0, 0, 0]);
  for (const at of [1, 9, 11]) await Promise.all([1, 2, 3].map(() => lookAt(at)));
  expect(await told()).toEqual(
    [1, 2, 3].flatMap(() => [
      'sla-warned first-response at 2026-01-01T12:09:00.000Z',
      'sla-breached first-response at 2026-01-01T12:11:00.000Z',
    ]),
  );
  await lookAt(12);
  expect(await told()).toHaveLength(6);
});

it('after an outage tells what was breached meanwhile, also of a ticket that has ended since', async () => {
  await promise();
  const [waiting = '', done = ''] = await asked([0, 0]);
  await change(done, 70, { status: 'resolved' });
  await lookAt(200);
  await lookAt(201);
  const times = (ticketId: string) =>
    store.ask(
      `select type, payload #>> '{data,clock}' as clock from ticketing.events where type like 'sla-%' and ticket_id = $1
      order by version`,
      [ticketId],
    );
  const both = [
    { type: 'sla-breached', clock: 'first-response' },
    { type: 'sla-breached', clock: 'resolution' },
  ];
  expect(await times(waiting)).toEqual(both);
  expect(await times(done)).toEqual(both);
});

it('a page of events holds whole commands: a thousand tickets are all followed', async () => {
  await promise();
  const minutes = Array.from({ length: 1800 }, () => 0);
  for (let first = 0; first < minutes.length; first += 300) {
    const updates = minutes
      .slice(first, first + 300)
      .map((_, index) => messageFrom(5000 + first + index, 'Hi', { date: NOON / 1000 }));
    await settling(store.withSession)(updates.map((update) => traced(uniqueRecord(update))));
  }
  await lookAt(30);
  expect(await told()).toHaveLength(1800);
  const [{ behind = 0 } = {}] = await store.ask<{ behind: number }>(
    `select count(*)::int as behind from ticketing.tickets t left join ticketing.sla_tickets s using (ticket_id)
      where s.version is distinct from t.version`,
  );
  expect(behind).toBe(0);
}, 120_000);

it('a resolution that did not last counts once, with the time of both parts', async () => {
  await promise();
  const [id = ''] = await asked([0]);
  await change(id, 20, { status: 'resolved' });
  await lookAt(21);
  expect(await ended()).toEqual(['resolution 20 met v1']);
  await change(id, 100, { status: 'open' });
  await lookAt(101);
  expect(await ended()).toEqual([]);
  await change(id, 110, { status: 'resolved' });
  await lookAt(111);
  expect(await ended()).toEqual(['resolution 30 met v1']);
});

it('what is promised from a moment on leaves older clocks as they were; "always" computes them anew', async () => {
  await promise();
  const [early = '', late = ''] = await asked([0, 200]);
  for (const [id, at] of [
    [early, 20],
    [late, 220],
  ] as const)
    await change(id, at, { status: 'resolved' });
  await lookAt(300);
  const strict = [{ firstResponseMinutes: null, nextResponseMinutes: null, resolutionMinutes: 15 }];
  await promise({ targets: strict, appliesFrom: new Date(minute(100)).toISOString() });
  await lookAt(301);
  expect((await ended()).sort()).toEqual(['resolution 20 breached v2', 'resolution 20 met v1']);
  await promise({ targets: strict });
  await lookAt(302);
  expect(await ended()).toEqual(['resolution 20 breached v3', 'resolution 20 breached v3']);
});

it('made anew from the events alone, clocks are the same', async () => {
  await promise();
  const [a = '', b = ''] = await asked([0, 3]);
  await lookAt(12);
  await change(a, 20, { status: 'pending' });
  await change(b, 30, { status: 'resolved', tags: ['vip'] });
  // The second look follows what the first one has told.
  for (const at of [40, 40]) await lookAt(at);
  const all = () =>
    store.ask(
      `select (select json_agg(c order by c::text) from ticketing.sla_clocks c) as ended,
         (select json_agg(t order by ticket_id) from ticketing.sla_tickets t) as running`,
    );
  const before = await all();
  await store.ask('delete from ticketing.sla_clocks');
  await store.ask('delete from ticketing.sla_tickets');
  await store.ask(`update ticketing.sla_cursor set tx_id = '0', id = 0`);
  await lookAt(40);
  expect(await all()).toEqual(before);
});

it('an answer of staff is timed by its own clock', async () => {
  await promise();
  const policy = { staff: [String(STAFF)] };
  const group = { chat: { id: -100, type: 'supergroup' } };
  const question = messageFrom(42, 'Hello', { ...group, date: minute(0) / 1000 });
  const answer = messageFrom(STAFF, 'Hi', {
    ...{ ...group, date: minute(7) / 1000, from: { id: STAFF, is_bot: false } },
    reply_to_message: question.message,
  });
  await settling(store.withSession)([question, answer].map((update) => traced(uniqueRecord(update), policy)));
  await lookAt(8);
  expect(await ended()).toEqual(['first-response 7 met v1']);
});
