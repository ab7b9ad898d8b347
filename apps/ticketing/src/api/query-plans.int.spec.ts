/**
 * What the API asks of the database finds its rows by an index: no question walks through a big table, neither as a whole nor along an
 * index whose order it wants. The plans are those that PostgreSQL makes by itself, without the setting with which our sessions forbid the worst.
 */
import { releaseStack } from '@onceline/testing';
import { CustomerStore } from '../customer/customer.store.js';
import { openStore, type TestStore } from '../store/fixtures.spec.js';
import type { Session, Statement, WithSession } from '../store/session.js';
import { erasePerson, eraseOlder } from '../privacy/erase.js';
import { openVault } from '../privacy/open-vault.js';
import { nextInQueue } from '../work/find-ticket.js';
import { ledgerQuerySchema } from './ledger-schemas.js';
import { queueQuerySchema } from './queue-schemas.js';
import { searchQuerySchema } from './search-schemas.js';
import { personPages } from './person-pages.js';
import type { Reading } from './reading.js';
import { explainFigure } from './read-figures.js';
import { readReport } from './read-report.js';
import { reportQuerySchema } from './sla-schemas.js';
import { ticketsQuerySchema } from './schemas.js';
import { readEvents } from '../live/read-events.js';
import { readMeasures } from '../measuring/read-measures.js';
import { FollowWords } from '../search/follow-words.js';
import { followEvents } from '../sla/keep-clocks.js';
import { SlaPolicies } from '../sla/sla-policy.store.js';
import { TicketReader } from './ticket-reader.js';

const BIG = new Set([
  ...[
    'tickets',
    'ticket_messages',
    'events',
    'ledger',
    'sla_tickets',
    'sla_clocks',
    'message_words',
    'customer_events',
  ],
  'customer_keys',
]);
/** Rows that one question may look at in vain. */
const MOST_IN_VAIN = 2000;

/** Ticket 3, one of the oldest, has what nothing else has; of the rest, some have what is common. */
const SEED = [
  `insert into ticketing.tickets (ticket_id, bot_id, chat_id, customer_id, conversation, status, priority, assignee, team, tags, fields, version, message_count,
       opened_at, updated_at, resolved_at, waiting_since)
     select 't' || i, case when i = 3 then '8' else '7' end, i::text, i::text, '7:' || i,
       case when i = 3 then 'snoozed' when i % 200 = 0 then 'open' when i % 200 = 1 then 'new' when i % 200 = 2 then 'resolved' else 'closed' end,
       case when i = 3 then 'urgent' else 'normal' end,
       case when i = 3 then 'rare' when i % 4 = 0 then 'often' end, case when i = 3 then 'rare' when i % 4 = 0 then 'often' end,
       case when i = 3 then '["rare"]' when i % 4 = 0 then '["often"]' else '[]' end::jsonb,
       case when i = 3 then '{"order": "rare"}' when i % 4 = 0 then '{"order": "often"}' else '{}' end::jsonb,
       4, 3, now() + i * interval '1 second', now(), now(), now() from generate_series(1, 20000) as i`,
  `insert into ticketing.ticket_messages (bot_id, chat_id, message_id, ticket_id, version, content_version, sent_at, sender_id)
     select '7', i::text, i * 10 + n, 't' || i, n + 1, n + 1, now() + i * interval '1 second', i::text
     from generate_series(1, 20000) as i, generate_series(1, 3) as n`,
  `insert into ticketing.events (ticket_id, version, type, event_id, idempotency_key, payload)
     select 't' || i, n, case n when 1 then 'ticket-opened' else 'message-appended' end, i || '-' || n, 'tg1:7:message:' || i || ':1:' || (i * 10 + n),
       json_build_object('eventId', i || '-' || n, 'ticketId', 't' || i, 'version', n, 'type', case n when 1 then 'ticket-opened' else 'message-appended' end,
         'schemaVersion', 2, 'occurredAt', '2026-01-01T00:00:00.000Z', 'data', json_build_object('botId', '7', 'chatId', i::text, 'messageId', i * 10 + n - 1,
           'conversation', '7:' || i, 'customerId', i::text, 'text', 'hello', 'attachments', '[]'::json, 'sender', json_build_object('id', i::text),
           'sentAt', '2026-01-01T00:00:00.000Z'))
     from generate_series(1, 20000) as i, generate_series(1, 4) as n`,
  `insert into ticketing.ledger (idempotency_key, bot_id, update_kind, outcome, reason, ticket_id, unique_partition, unique_offset, received_at, conversation)
     select 'tg1:7:message:' || i || ':1:' || (i * 10 + n), '7', 'message', case when i = 3 then 'dead-lettered' when n = 1 then 'ignored' else 'message-appended' end,
       'x', case when n > 1 then 't' || i end, 0, i, now() + i * interval '1 second', '7:' || i
     from generate_series(1, 20000) as i, generate_series(1, 3) as n`,
  `insert into ticketing.message_words (bot_id, chat_id, message_id, ticket_id, version, sent_at, sender_id, key_ids, words)
     select bot_id, chat_id, message_id, ticket_id, version, sent_at, sender_id, array[sender_id::bigint],
       to_tsvector('simple', 'hello number' || sender_id || case when sender_id = '3' then ' rare' else '' end) from ticketing.ticket_messages`,
  `insert into ticketing.customer_keys (bot_id, person_id, wrapped, master_key, used_until)
     select case when i % 200 = 3 then '8' else '7' end, i::text, '', 'spec', now() + i * interval '1 second' from generate_series(1, 20000) as i`,
  `insert into ticketing.sla_tickets (ticket_id, bot_id, version, clocks, due_at, next_at, latest_at)
     select 't' || i, '7', 4, '{}', case when i % 200 = 1 then now() + i * interval '1 second' end, case when i % 200 = 1 then now() end, now()
     from generate_series(1, 20000) as i`,
  `insert into ticketing.sla_clocks (ticket_id, kind, started_by, bot_id, priority, started_at, ended_at, elapsed_ms, state, sla_version)
     select 't' || i, 'resolution', 2, '7', 'normal', now(), now() + i * interval '1 minute', 60000, 'met', 1 from generate_series(1, 20000) as i`,
  // Who was merged has another account of that kind.
  `insert into ticketing.customer_events (bot_id, version, type, accounts, data, idempotency_key, made_by, occurred_at)
     select '7', i, 'customers-merged', array[(i * 2)::text, (i * 2 + 1)::text],
       json_build_object('accounts', array[(i * 2)::text], 'with', array[(i * 2 + 1)::text]), 'x', 'ada', now() from generate_series(10, 9999) as i`,
  // Followers are a thousand events behind.
  ...['words_cursor', 'sla_cursor', `outbox_cursors where source = 'events'`].map((cursor) =>
    followedTo(cursor, 79_000),
  ),
  `vacuum analyze ticketing.customer_events, ticketing.tickets, ticketing.ticket_messages, ticketing.events, ticketing.ledger, ticketing.sla_tickets,
     ticketing.sla_clocks, ticketing.message_words, ticketing.customer_keys`,
];

function followedTo(cursor: string, count: number): string {
  const [table, ...where] = cursor.split(' ');
  return `update ticketing.${table} set (tx_id, id) = (select tx_id, global_id from ticketing.events order by tx_id, global_id offset ${count} limit 1) ${where.join(' ')}`;
}

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly 'Rows Removed by Join Filter'?: number;
  readonly 'Actual Loops': number;
  readonly Plans?: readonly Plan[];
}

let store: TestStore;
beforeAll(async () => {
  store = await openStore();
  for (const statement of SEED) await store.ask(statement);
}, 120_000);
afterAll(async () => {
  await store.close();
  await releaseStack();
});

/** Runs a question and answers the plan of each statement it sent, as PostgreSQL carries it out. */
async function plansOf(ask: Question[1]): Promise<Plan[]> {
  const plans: Plan[] = [];
  const explaining = (session: Session): Session => ({
    async query<Row>(statement: Statement, values: readonly unknown[]) {
      const explain = { text: `explain (analyze, format json) ${statement.text}` };
      const { rows } = await session.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(explain, values);
      plans.push(...rows.map((row) => row['QUERY PLAN'][0].Plan));
      return session.query<Row>({ text: statement.text }, values);
    },
    command: (sql) => session.command(sql),
    discard: () => session.discard(),
  });
  const asPlanned: WithSession = (work) =>
    store.withSession(async (session) => {
      await session.command('set enable_seqscan = on');
      return work(explaining(session)).finally(() => session.command('set enable_seqscan = off'));
    });
  await ask({ withSession: asPlanned, vault: store.vault });
  return plans;
}

const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
const inVain = (node: Plan) =>
  ((node['Rows Removed by Filter'] ?? 0) +
    (node['Rows Removed by Index Recheck'] ?? 0) +
    (node['Rows Removed by Join Filter'] ?? 0)) *
  node['Actual Loops'];

const TWO_DAYS = { from: new Date().toISOString(), to: new Date(Date.now() + 172_800_000).toISOString() };

const allOf = async (pages: AsyncIterable<unknown>) => {
  for await (const page of pages) expect(page).not.toEqual([]);
};

type Question = [what: string, ask: (reading: Reading) => Promise<unknown>];

const tickets = (query: Record<string, string>): Question => [
  `tickets by ${JSON.stringify(query)}`,
  (reading) => new TicketReader(reading).tickets(ticketsQuerySchema.parse(query)),
];
const queue = (query: Record<string, string>): Question => [
  `queue by ${JSON.stringify(query)}`,
  (reading) => new TicketReader(reading).queue(queueQuerySchema.parse(query)),
];
const ledger = (query: Record<string, string>): Question => [
  `ledger by ${JSON.stringify(query)}`,
  (reading) => new TicketReader(reading).ledger(ledgerQuerySchema.parse(query)),
];
const customer = (customerId: string): Question => [
  `customer ${customerId}`,
  ({ withSession }) => new CustomerStore(withSession).read({ botId: '7', customerId }),
];
const search = (query: Record<string, string>): Question => [
  `search for ${JSON.stringify(query)}`,
  (reading) => new TicketReader(reading).search(searchQuerySchema.parse(query)),
];

it.each([
  tickets({}),
  ...['rare', 'often'].flatMap((value) => [
    tickets({ assignee: value }),
    tickets({ team: value }),
    tickets({ tag: value }),
    tickets({ field: `order:${value}` }),
  ]),
  tickets({ assignee: 'unknown' }),
  tickets({ tag: 'unknown' }),
  tickets({ field: 'order:unknown' }),
  tickets({ field: 'order:77' }),
  tickets({ bot: '8' }),
  tickets({ chat: '3' }),
  tickets({ conversation: '7:3' }),
  tickets({ priority: 'urgent' }),
  tickets({ customer: '3' }),
  tickets({ customer: '33' }),
  tickets({ customer: '33', bot: '7' }),
  tickets({ customer: 'unknown' }),
  customer('33'),
  customer('3'),
  ...['new', 'open', 'pending', 'snoozed', 'resolved', 'closed'].map((status) => tickets({ status })),
  queue({}),
  queue({ team: 'rare' }),
  queue({ field: 'order:rare' }),
  queue({ assignee: 'nobody', bot: '7' }),
  ['the next one in the queue', ({ withSession }) => withSession(nextInQueue({ bot: '7', sort: 'priority' }))],
  queue({ sort: 'due' }),
  ['the next one that is due', ({ withSession }) => withSession(nextInQueue({ sort: 'due' }))],
  ['figures of a ticket', ({ withSession }) => explainFigure(withSession, 't3', 'resolution')],
  ['a report of two days', ({ withSession }) => readReport(withSession, reportQuerySchema.parse(TWO_DAYS))],
  ['the latest events', ({ withSession }) => readEvents(withSession, { txId: 1n, id: 0n })],
  ['what is measured', ({ withSession }) => withSession(readMeasures)],
  ['the words of the latest messages', ({ withSession, vault }) => new FollowWords(withSession, vault).run()],
  [
    'the clocks after the latest events',
    ({ withSession }) => withSession((session) => followEvents(session, new SlaPolicies(), Date.now())),
  ],
  ['one ticket', (reading) => new TicketReader(reading).ticket('t3')],
  ['events of a ticket', (reading) => new TicketReader(reading).events('t3', { limit: 50 })],
  ['an entry of the ledger', (reading) => new TicketReader(reading).ledgerEntry('tg1:7:message:3:1:31')],
  ledger({ bot: '7', updateId: '31' }),
  ledger({ ticket: 't3' }),
  ledger({ conversation: '7:3' }),
  ledger({ outcome: 'dead-lettered' }),
  ledger({ outcome: 'discarded' }),
  ledger({ outcome: 'ignored' }),
  search({ q: 'rare' }),
  search({ q: 'number77' }),
  search({ q: 'hello' }),
  search({ q: 'nowhere' }),
  search({ q: 'rare', bot: '7', status: 'snoozed' }),
  ['all that is held on a customer', (reading) => allOf(personPages(reading, { botId: '7', personId: '5' }))],
  ['the erasure of a customer', ({ withSession }) => erasePerson(withSession, { botId: '7', personId: '5' }, 'ada')],
  ['what a retention erases', ({ withSession }) => eraseOlder(withSession, '8', new Date(Date.now() + 900_000))],
  [
    'master keys in use',
    ({ withSession }) =>
      expect(openVault(withSession, [{ id: 'spec', key: Buffer.alloc(32) }])).rejects.toThrow('is another key'),
  ],
] satisfies Question[])('%s', async (_what, ask) => {
  const plans = await plansOf(ask);
  expect(plans.length).toBeGreaterThan(0);
  const nodes = plans.flatMap(nodesOf);
  const walked = nodes.filter((node) => node['Node Type'].endsWith('Seq Scan') && BIG.has(node['Relation Name'] ?? ''));
  expect(walked).toEqual([]);
  expect(Math.max(...nodes.map(inVain))).toBeLessThan(MOST_IN_VAIN);
});

it('sees a walk where there is one', async () => {
  const nodes = async (text: string) =>
    (await plansOf(({ withSession }) => withSession((session) => session.query({ text }, [])))).flatMap(nodesOf);
  const whole = await nodes('select * from ticketing.tickets where message_count > 100');
  expect(whole.map((node) => node['Node Type'])).toContain('Seq Scan');
  expect(Math.max(...whole.map(inVain))).toBeGreaterThan(MOST_IN_VAIN);
});
