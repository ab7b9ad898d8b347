/** Agents link tickets in all directions at the same moments: both tickets of each two say the same, and nobody waits crosswise. */
import { releaseStack } from '@onceline/testing';
import { openStore, reopened, settling, tracedMessage, type TestStore } from '../store/fixtures.spec.js';
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

it('amid updates of the same tickets', async () => {
  const settle = settling(store.withSession);
  const ids = (await settle(CHATS.map((chat) => tracedMessage(chat)))).map(({ ticketId }) => ticketId ?? '');
  const work = new WorkOnTicket({ withSession: store.withSession, committed: () => undefined });
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
  const gaps = `select ticket_id from ticketing.events group by ticket_id having max(version) <> count(*)`;
  expect(await store.ask(gaps)).toEqual([]);
  store = await reopened(store);
  const deadlocks = 'select deadlocks::int as n from pg_stat_database where datname = current_database()';
  expect(await store.ask(deadlocks)).toEqual([{ n: 0 }]);
}, 120_000);
