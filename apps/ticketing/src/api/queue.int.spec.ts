/** The queue shows what is next, and gives each ticket to exactly one agent. */
import { messageFrom } from '../store/fixtures.spec.js';
import { TestService } from '../test-service.spec.js';

interface Item {
  readonly id: string;
  readonly chatId: string;
  readonly assignee: string | null;
}
interface Page {
  readonly items: Item[];
  readonly nextCursor: string | null;
}

let service: TestService;
beforeAll(async () => {
  service = await TestService.start();
}, 60_000);
afterAll(() => service.stop());

let bot = 500;
/** Tickets of a bot of their own, their customers waiting since these minutes. */
async function tickets(minutes: readonly number[]): Promise<{ bot: string; ids: string[] }> {
  bot += 1;
  const ids: string[] = [];
  for (const [index, minute] of minutes.entries()) {
    const update = messageFrom(9000 + index, 'Hello', { date: 1_760_000_000 + minute * 60 });
    ids.push((await service.settled(await service.publish(update, { bot: String(bot) }))).ticketId);
  }
  return { bot: String(bot), ids };
}
const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
const change = (id: string, changes: object) => service.ask('ada', 'PATCH', `/v1/tickets/${id}`, changes);
const queue = async (query: string) => (await service.get<Page>(`/v1/queue?${query}`)).json;
const next = (who: 'ada' | 'bob', body: object, headers: Record<string, string> = {}) =>
  service.ask<Item | undefined>(who, 'POST', '/v1/queue/next', body, headers);

it('shows the most urgent first, among those who has waited longest, page by page', async () => {
  const own = await tickets([5, 3, 9, 1, 7]);
  const [a, b, c, d, e] = own.ids;
  await change(c ?? '', { priority: 'urgent' });
  await change(e ?? '', { priority: 'low' });
  const seen: string[] = [];
  let cursor = '';
  do {
    const page = await queue(`bot=${own.bot}&limit=2${cursor}`);
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`;
  } while (cursor !== '');
  expect(seen).toEqual([c, d, b, a, e]);
});

it('leaves out what waits for the customer, for a time, or for nobody; and shows views', async () => {
  const own = await tickets([1, 2, 3, 4, 5]);
  const [a, b, c, d, e] = own.ids.map((id) => id);
  await change(a ?? '', { status: 'pending' });
  await change(b ?? '', { status: 'snoozed', snoozedUntil: tomorrow });
  await change(c ?? '', { status: 'resolved' });
  await change(d ?? '', { assignee: 'bob', team: 'refunds', tags: ['vip', 'late'] });
  const idsOf = async (query: string) => (await queue(`bot=${own.bot}&${query}`)).items.map(({ id }) => id);
  expect(await idsOf('')).toEqual([d, e]);
  expect(await idsOf('assignee=nobody')).toEqual([e]);
  expect(await idsOf('assignee=bob&team=refunds&tag=late')).toEqual([d]);
  expect(await idsOf('tag=unknown')).toEqual([]);
});

it('gives each ticket to exactly one of many agents who ask at once', async () => {
  const own = await tickets(Array.from({ length: 12 }, (_, index) => index));
  const asked = Array.from({ length: 20 }, (_, index) => next(index % 2 === 0 ? 'ada' : 'bob', { bot: own.bot }));
  const answers = await Promise.all(asked);
  const taken = answers.filter(({ status }) => status === 200).map(({ json }) => json?.id);
  expect(taken.toSorted()).toEqual(own.ids.toSorted());
  expect(answers.filter(({ status }) => status === 204)).toHaveLength(8);
  const { items } = await queue(`bot=${own.bot}`);
  expect(items.every(({ assignee }) => assignee === 'ada' || assignee === 'bob')).toBe(true);
});

it('gives the same one again under the same key, also when there is no other', async () => {
  const own = await tickets([1, 2]);
  const key = { 'idempotency-key': 'my-next' };
  const first = await next('ada', { bot: own.bot }, key);
  const again = await next('ada', { bot: own.bot }, key);
  expect([again.status, again.json?.id]).toEqual([200, first.json?.id]);
  expect((await next('bob', { bot: own.bot })).json?.id).toBe(own.ids[1]);
  expect((await next('bob', { bot: own.bot })).status).toBe(204);
});

it.each([
  ['/v1/queue?limit=0', 'query.limit'],
  ['/v1/queue?cursor=x', 'query.cursor'],
  ['/v1/queue?priority=high2', 'query.priority'],
  ['/v1/queue?sort=age', 'query.sort'],
])('%s is a problem that names the field', async (path, field) => {
  const answer = await service.get(path);
  expect([answer.status, answer.json['field']]).toEqual([400, field]);
});

it('is for agents to take from', async () => {
  expect((await next('ada', {}, { authorization: 'Bearer secret' })).status).toBe(403);
  expect((await next('ada', { bots: '7' })).status).toBe(400);
});
