/** Agents link and merge tickets in all directions at the same moments: both tickets of each two say the same, and nobody waits crosswise. */
import { releaseStack } from '@onceline/testing';
import {
  messageFrom,
  openStore,
  reopened,
  settling,
  traced,
  tracedMessage,
  uniqueRecord,
  type TestStore,
} from '../store/fixtures.spec.js';
import { readModelChecksum, rebuildReadModels } from '../store/rebuild-read-models.js';
import { settleUpdates } from '../store/settle-updates.js';
import { WorkOnTicket } from './work-on-ticket.js';
import { WorkOnTwoTickets } from './work-on-two-tickets.js';

let store: TestStore;
beforeEach(async () => {
  store = await openStore();
});
afterEach(() => store.close());
afterAll(releaseStack);

const CHATS = [1, 2, 3];
const ROUNDS = 20;
const PAIRS = 3;

it('links, amid updates of the same tickets', async () => {
  const settle = settling(store.withSession);
  const ids = (await settle(CHATS.map((chat) => tracedMessage(chat)))).map(({ ticketId }) => ticketId ?? '');
  const work = new WorkOnTicket({ withSession: store.withSession, vault: store.vault, committed: () => undefined });
  const pairs = new WorkOnTwoTickets(work);
  const agent = async (actor: string, by: number) => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const [ticketId = '', otherId = ''] = [ids[round % ids.length], ids[(round + by) % ids.length]];
      const request = { key: undefined, actor, route: '', body: undefined, ticketId, otherId, otherField: '' };
      await pairs.do({ type: 'link-tickets', kind: 'blocks' }, request);
      if (round % 3 === 0) await pairs.do({ type: 'unlink-tickets' }, request);
    }
  };
  const updates = async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const chats = round % 2 === 0 ? CHATS : CHATS.toReversed();
      await settleUpdates(
        chats.map((chat) => tracedMessage(chat)),
        settle,
      );
    }
  };
  await Promise.all([agent('ada', 1), agent('bob', 2), updates()]);

  const oneSided = `with links as (select t.ticket_id, l ->> 'ticketId' as other, l ->> 'kind' as kind
      from ticketing.tickets t cross join lateral jsonb_array_elements(t.links) l)
    select * from links a where not exists (select 1 from links b where b.ticket_id = a.other and b.other = a.ticket_id and b.kind <> a.kind)`;
  expect(await store.ask(oneSided)).toEqual([]);
  expect(await store.ask('select 1 from ticketing.tickets where links <> $1', ['[]'])).not.toEqual([]);
  await expectOrder();
}, 120_000);

it('merges, amid updates of the same tickets: of two agents one is first, and no message is lost or twice', async () => {
  const settle = settling(store.withSession);
  const customers = Array.from({ length: 2 * PAIRS }, (_, index) => index + 1);
  const ids = (await settle(customers.map((chat) => tracedMessage(chat)))).map(({ ticketId }) => ticketId ?? '');
  const work = new WorkOnTicket({ withSession: store.withSession, vault: store.vault, committed: () => undefined });
  const pairs = new WorkOnTwoTickets(work);
  const merge = (ticketId = '', otherId = '') =>
    pairs
      .do(
        { type: 'merge-tickets' },
        { key: undefined, actor: 'ada', route: '', body: undefined, ticketId, otherId, otherField: 'body.into' },
      )
      .then(
        () => 200,
        (error: { status?: number }) => error.status,
      );
  const updates = async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      await settleUpdates(
        customers.map((chat) => tracedMessage(chat)),
        settle,
      );
    }
  };
  const agents = async () => {
    for (let pair = 0; pair < PAIRS; pair += 1) {
      const [one, other] = [ids[2 * pair], ids[2 * pair + 1]];
      expect((await Promise.all([merge(one, other), merge(other, one)])).sort()).toEqual([200, 409]);
    }
  };
  await Promise.all([updates(), agents()]);
  await settleUpdates(
    customers.map((chat) => tracedMessage(chat, 'last')),
    settle,
  );

  const [counts] = await store.ask<object>(
    `select count(*)::int as messages, count(distinct chat_id || ':' || message_id)::int as different from ticketing.ticket_messages`,
  );
  const messages = customers.length * (ROUNDS + 2);
  expect(counts).toEqual({ messages, different: messages });
  const ofTargets = await store.messages(
    `ticket_id in (select ticket_id from ticketing.tickets where merged_into is null)`,
  );
  expect(ofTargets.filter(({ text }) => text === 'last')).toHaveLength(customers.length);
  const tickets = `select status, count(*)::int as n from ticketing.tickets group by 1 order by 1`;
  expect(await store.ask(tickets)).toEqual([
    { status: 'closed', n: PAIRS },
    { status: 'new', n: PAIRS },
  ]);
  await expectOrder();
}, 120_000);

it('an answer of staff to what was said in a merged ticket is one in the ticket that goes on', async () => {
  const BOB = 77;
  const writes = (user: number, text: string, changes: object = {}) => {
    const update = messageFrom(user, text, { chat: { id: -100, type: 'supergroup' }, ...changes });
    const record = uniqueRecord(update, { key: '7:-100' });
    return { ...traced(record, { staff: [String(BOB)] }), messageId: update.message.message_id };
  };
  const settle = settling(store.withSession);
  const lost = writes(42, 'lost');
  const [source, target] = (await settle([lost, writes(43, 'lost too')])).map(({ ticketId }) => ticketId ?? '');
  const work = new WorkOnTicket({ withSession: store.withSession, vault: store.vault, committed: () => undefined });
  const request = { key: undefined, actor: 'ada', route: '', body: undefined, otherField: 'body.into' };
  const both = { ticketId: source ?? '', otherId: target ?? '' };
  await new WorkOnTwoTickets(work).do({ type: 'merge-tickets' }, { ...request, ...both });
  const answers = { reply_to_message: { message_id: lost.messageId, from: { id: 42 } } };
  const settled = await settle([writes(BOB, 'on its way', answers)]);
  expect(settled).toMatchObject([{ outcome: 'staff-replied', ticketId: target }]);
  expect(await store.ask('select status, waiting_since from ticketing.tickets order by status')).toEqual([
    { status: 'closed', waiting_since: null },
    { status: 'pending', waiting_since: null },
  ]);
});

async function expectOrder(): Promise<void> {
  const gaps = `select ticket_id from ticketing.events group by ticket_id having max(version) <> count(*)`;
  expect(await store.ask(gaps)).toEqual([]);
  const before = await readModelChecksum(store.withSession);
  await rebuildReadModels(store.withSession);
  expect(await readModelChecksum(store.withSession)).toBe(before);
  store = await reopened(store);
  const deadlocks = 'select deadlocks::int as n from pg_stat_database where datname = current_database()';
  expect(await store.ask(deadlocks)).toEqual([{ n: 0 }]);
}
