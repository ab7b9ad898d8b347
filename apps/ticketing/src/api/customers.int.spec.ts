/** Agents say which accounts are one customer: his tickets are found by each of them, and nothing else changes. It can be undone, and history says who said it. */
import { accountsOf } from '../customer/customer.store.js';
import { messageFrom } from '../store/fixtures.spec.js';
import { readModelChecksum } from '../store/rebuild-read-models.js';
import { TestService } from '../test-service.spec.js';
import type { CustomerEntry } from './customer-schemas.js';

type Answered = CustomerEntry & Record<string, unknown>;

let service: TestService;
beforeAll(async () => {
  service = await TestService.start();
}, 60_000);
afterAll(() => service.stop());

let user = 61_000;
/** An account that has written to the bot. */
async function newAccount(bot = '7'): Promise<{ id: string; ticketId: string }> {
  user += 1;
  return { id: String(user), ticketId: await writes(String(user), bot) };
}
const writes = async (id: string, bot = '7') =>
  (await service.settled(await service.publish(messageFrom(Number(id)), { bot }))).ticketId;

const path = (id: string, bot = '7') => `/v1/customers/${bot}/${id}`;
const read = async (id: string, bot = '7') => (await service.get<Answered>(path(id, bot))).json;
const merge = (id: string, other: string, headers: Record<string, string> = {}) =>
  service.ask<Answered>('ada', 'POST', `${path(id)}/merge`, { with: other }, headers);
const split = (id: string, headers: Record<string, string> = {}) =>
  service.ask<Answered>('bob', 'POST', `${path(id)}/split`, undefined, headers);
const idsOf = ({ accounts }: CustomerEntry) => accounts.map(({ customerId }) => customerId);
const ticketsOf = async (query: string) => {
  const { json } = await service.get<{ items: { id: string }[] }>(`/v1/tickets?${query}`);
  return json.items.map(({ id }) => id).sort();
};
const problemOf = ({ status, json }: { status: number; json: Record<string, unknown> }) => {
  expect(json['fix']).toBeTruthy();
  return [status, json['field']];
};

it('whichever account one asks by, he has them all and their tickets', async () => {
  const [one, other, stranger] = [await newAccount(), await newAccount(), await newAccount()];
  await service.admin('PATCH', `/v1/tickets/${one.ticketId}`, { status: 'closed' });
  const second = await writes(one.id);
  const merged = await merge(one.id, other.id);
  expect([merged.status, merged.headers.get('etag')]).toEqual([200, `"${merged.json.version}"`]);
  expect(merged.json).toMatchObject({
    ...{ botId: '7', customerId: one.id },
    accounts: [
      { customerId: one.id, tickets: 2, activeTickets: 1 },
      { customerId: other.id, tickets: 1, activeTickets: 1 },
    ],
  });
  expect(await read(other.id)).toEqual({ ...merged.json, customerId: other.id });
  const all = [one.ticketId, second, other.ticketId].sort();
  for (const { id } of [one, other]) {
    expect(await ticketsOf(`customer=${id}`)).toEqual(all);
    expect(await ticketsOf(`customer=${id}&bot=7`)).toEqual(all);
    const lines = await fetch(`${service.url}/v1/exports/tickets?customer=${id}`, {
      headers: { authorization: 'Bearer secret' },
    });
    expect((await lines.text()).trim().split('\n')).toHaveLength(3);
  }
  expect(await ticketsOf(`customer=${other.id}&status=closed`)).toEqual([one.ticketId]);
  expect(await ticketsOf(`customer=${stranger.id}`)).toEqual([stranger.ticketId]);
  const { withSession } = service.store;
  expect(await withSession((session) => accountsOf(session, '7', other.id))).toEqual([one.id, other.id]);
  expect(await withSession((session) => accountsOf(session, '7', stranger.id))).toEqual([stranger.id]);
});

it('tickets and conversations stay as they are, and each account goes on in its own', async () => {
  const [one, other] = [await newAccount(), await newAccount()];
  const before = await readModelChecksum(service.store.withSession);
  await merge(one.id, other.id);
  expect(await readModelChecksum(service.store.withSession)).toBe(before);
  expect([await writes(one.id), await writes(other.id)]).toEqual([one.ticketId, other.ticketId]);
  await service.admin('PATCH', `/v1/tickets/${other.ticketId}`, { status: 'closed' });
  const next = await writes(other.id);
  expect(await ticketsOf(`customer=${one.id}`)).toEqual([one.ticketId, other.ticketId, next].sort());
});

it('an account is taken out again, the others stay one, and it is said who did what', async () => {
  const [a, b, c] = [await newAccount(), await newAccount(), await newAccount()];
  await merge(a.id, b.id);
  await merge(c.id, a.id);
  const { status, json } = await split(b.id);
  expect([status, idsOf(json)]).toEqual([200, [b.id]]);
  expect(idsOf(await read(c.id))).toEqual([a.id, c.id]);
  expect(await ticketsOf(`customer=${b.id}`)).toEqual([b.ticketId]);
  expect(json.history.map(({ type, by, data }) => ({ type, by, data }))).toEqual([
    { type: 'customer-split', by: 'bob', data: { account: b.id, from: [a.id, c.id] } },
    { type: 'customers-merged', by: 'ada', data: { accounts: [c.id], with: [a.id, b.id] } },
    { type: 'customers-merged', by: 'ada', data: { accounts: [a.id], with: [b.id] } },
  ]);
  for (const { occurredAt } of json.history) expect(Date.now() - Date.parse(occurredAt)).toBeLessThan(60_000);
  expect(idsOf((await merge(b.id, c.id)).json)).toEqual([a.id, b.id, c.id]);
});

it('with each bot he is somebody of his own', async () => {
  const [one, other] = [await newAccount(), await newAccount()];
  const elsewhere = await writes(one.id, '8');
  const theirs = await writes(other.id, '8');
  await merge(one.id, other.id);
  expect(await ticketsOf(`customer=${one.id}`)).toEqual([one.ticketId, elsewhere, other.ticketId].sort());
  expect(await ticketsOf(`customer=${one.id}&bot=8`)).toEqual([elsewhere]);
  expect(await ticketsOf(`customer=${other.id}&bot=8`)).toEqual([theirs]);
  expect(idsOf(await read(one.id, '8'))).toEqual([one.id]);
});

it('once for each key, and not on what has changed since', async () => {
  const [a, b, c] = [await newAccount(), await newAccount(), await newAccount()];
  const key = { 'idempotency-key': `merge-${a.id}` };
  const first = await merge(a.id, b.id, { ...key, 'if-match': '"0"' });
  const again = await merge(a.id, b.id, { ...key, 'if-match': '"0"' });
  expect([first.status, again.status, again.json]).toEqual([200, 200, first.json]);
  expect(problemOf(await merge(a.id, c.id, key))).toEqual([422, 'headers.idempotency-key']);
  const late = await split(b.id, { 'if-match': '"0"' });
  expect([...problemOf(late), late.headers.get('etag')]).toEqual([412, 'headers.if-match', `"${first.json.version}"`]);
  expect((await split(b.id, { 'if-match': `"${first.json.version}"` })).status).toBe(200);
});

describe('what cannot be is a problem that names the field', () => {
  it('with himself, with nobody, with whom he is one, and of one who is alone', async () => {
    const [one, other] = [await newAccount(), await newAccount()];
    expect(problemOf(await merge(one.id, one.id))).toEqual([422, 'body.with']);
    expect(problemOf(await merge(one.id, '1'))).toEqual([422, 'body.with']);
    expect(problemOf(await split(one.id))).toEqual([409, 'params.customerId']);
    await merge(one.id, other.id);
    expect(problemOf(await merge(other.id, one.id))).toEqual([409, 'body.with']);
  });

  it('with one of another bot', async () => {
    const [one, theirs] = [await newAccount(), await newAccount('8')];
    expect(problemOf(await merge(one.id, theirs.id))).toEqual([422, 'body.with']);
  });

  it('of one whom the bot does not know', async () => {
    const { id } = await newAccount();
    expect(problemOf(await service.get(path('1')))).toEqual([404, 'params.customerId']);
    expect(problemOf(await merge('1', id))).toEqual([404, 'params.customerId']);
    expect(problemOf(await split('1'))).toEqual([404, 'params.customerId']);
    expect((await service.get(path(id, '8'))).status).toBe(404);
  });

  it('in words that are none', async () => {
    const { id } = await newAccount();
    expect(problemOf(await service.get(path(id, 'bot')))).toEqual([400, 'params.botId']);
    expect(problemOf(await service.get(path('%00')))).toEqual([400, 'params.customerId']);
    expect(problemOf(await service.ask('ada', 'POST', `${path(id)}/merge`, {}))).toEqual([400, 'body.with']);
    expect(problemOf(await split(id, { 'if-match': 'x' }))).toEqual([400, 'headers.if-match']);
  });

  it('by one who may only look', async () => {
    const { id } = await newAccount();
    const viewer = { authorization: 'Bearer secret' };
    expect([(await merge(id, '1', viewer)).status, (await split(id, viewer)).status]).toEqual([403, 403]);
  });
});

describe('at one moment', () => {
  it('crosswise: one of them is told that it is so already', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [one, other] = [await newAccount(), await newAccount()];
      const answers = await Promise.all([merge(one.id, other.id), merge(other.id, one.id), merge(one.id, other.id)]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
      const { accounts, history } = await read(other.id);
      expect([accounts.length, history.length]).toEqual([2, 1]);
    }
  });

  it('in a ring, with splits between: accounts that say they are one say so of each other, and no version is there twice', async () => {
    const all = [await newAccount(), await newAccount(), await newAccount(), await newAccount()];
    const ring = all.map(({ id }, index) => [id, all[(index + 1) % all.length]?.id ?? ''] as const);
    const merges = await Promise.all(ring.map(([id, other]) => merge(id, other)));
    expect(merges.map(({ status }) => status).sort()).toEqual([200, 200, 200, 409]);
    expect(idsOf(await read(all[0]?.id ?? ''))).toEqual(all.map(({ id }) => id));
    await Promise.all([...ring.map(([id]) => split(id)), ...ring.map(([id, other]) => merge(id, other))]);
    for (const { id } of all) {
      const { accounts, version } = await read(id);
      for (const { customerId } of accounts) {
        const same = await read(customerId);
        expect([same.version, same.accounts]).toEqual([version, accounts]);
      }
    }
    const gaps = 'select bot_id from ticketing.customer_events group by bot_id having max(version) <> count(*)';
    expect(await service.store.ask(gaps)).toEqual([]);
  });
});
