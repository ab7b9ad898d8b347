/** What happened to an update, found by its number, its conversation, its ticket or what it became. */
import { encodeCursor } from '@onceline/service-kit';
import { eventually } from '@onceline/testing';
import { messageFrom } from '../store/fixtures.spec.js';
import { TestService, type Entry } from '../test-service.spec.js';

interface Listed extends Entry {
  readonly idempotencyKey: string;
  readonly waiting: { readonly headKey: string } | null;
}
interface Page {
  readonly items: Listed[];
  readonly nextCursor: string | null;
}

let service: TestService;
beforeAll(async () => {
  service = await TestService.start({ FAULTS_ENABLED: 'true' });
}, 60_000);
afterAll(() => service.stop());

const list = async (query: string) => (await service.get<Page>(`/v1/ledger?${query}`)).json.items;
const keys = async (query: string) => (await list(query)).map(({ idempotencyKey }) => idempotencyKey);
let second = 0;
/** Received a second after the one before. */
async function settled(update: object, bot = '7'): Promise<{ key: string; ticketId: string }> {
  second += 1;
  const receivedAt = new Date(Date.UTC(2026, 0, 2) + second * 1000).toISOString();
  const key = await service.publish(update, { bot, headers: { 'received-at': receivedAt } });
  return { key, ticketId: (await service.settled(key)).ticketId };
}

it('by bot and update id: also which copies were refused, and why', async () => {
  const update = messageFrom(701);
  const { key } = await settled(update);
  await settled({ ...messageFrom(702), update_id: update.update_id }, '8');
  const copies = [12, 13].map((offset) => ({ partition: 1, offset, receivedAt: '2026-01-01T00:00:05.000Z' }));
  const first = { offset: 3, seenAt: '2026-01-01T00:00:00.000Z' };
  for (const copy of copies) await service.publishDuplicate({ schemaVersion: 1, idempotencyKey: key, copy, first });
  await eventually(async () => {
    const [entry, ...others] = await list(`bot=7&updateId=${update.update_id}`);
    expect(others).toEqual([]);
    expect(entry).toMatchObject({
      idempotencyKey: key,
      outcome: 'ticket-opened',
      duplicateCount: 2,
      duplicates: copies,
    });
    expect(entry?.explanation).toContain('2 further copies were refused');
  });
  expect(await list('bot=7&updateId=999999')).toEqual([]);
});

it('by ticket and by conversation, the last ones first, page by page, and by outcome among them', async () => {
  const command = { text: '/start', entities: [{ type: 'bot_command', offset: 0, length: 6 }] };
  const ignored = await settled(messageFrom(703, '/start', command));
  const opened = await settled(messageFrom(703));
  const appended = await settled(messageFrom(703));
  await settled(messageFrom(704));
  const expected = [appended.key, opened.key, ignored.key];
  expect(await keys('conversation=7:703')).toEqual(expected);
  expect(await keys(`ticket=${opened.ticketId}`)).toEqual(expected.slice(0, 2));
  expect(await keys('conversation=7:703&outcome=message-appended')).toEqual([appended.key]);
  expect(await keys(`conversation=7:704&ticket=${opened.ticketId}`)).toEqual([]);
  const pages: string[] = [];
  let cursor = '';
  do {
    const { json } = await service.get<Page>(`/v1/ledger?conversation=7:703&limit=1${cursor}`);
    pages.push(...json.items.map(({ idempotencyKey }) => idempotencyKey));
    cursor = json.nextCursor === null ? '' : `&cursor=${json.nextCursor}`;
  } while (cursor !== '');
  expect(pages).toEqual(expected);
});

it('by outcome: what waits, and what it waits for', async () => {
  const rule = { match: { conversation: '7:705' }, kind: 'transient', seconds: 600 };
  await service.admin('PUT', '/v1/faults', { rules: [rule] });
  const head = await service.publish(messageFrom(705));
  const follower = await service.publish(messageFrom(705));
  await eventually(async () => {
    const waiting = (await list('outcome=parked&conversation=7:705')).map((entry) => [
      entry.idempotencyKey,
      entry.waiting?.headKey,
    ]);
    expect(waiting.toSorted()).toEqual(
      [
        [head, head],
        [follower, head],
      ].toSorted(),
    );
  });
  await service.admin('DELETE', '/v1/faults');
  expect(await keys('outcome=ignored')).toEqual(expect.arrayContaining([expect.stringContaining(':703:')]));
});

it.each([
  ['', 'query'],
  ['outcome=message-appended', 'query'],
  ['outcome=lost', 'query.outcome'],
  ['updateId=5', 'query.bot'],
  ['bot=7&updateId=-5', 'query.updateId'],
  ['outcome=parked&cursor=x', 'query.cursor'],
  [`outcome=parked&cursor=${encodeCursor(['2026-01-01T00:00:00.000Z', '\u0000'])}`, 'query.cursor'],
  ['ticket=%00', 'query.ticket'],
  ['outcome=parked&limit=0', 'query.limit'],
])('a list with "%s" is a problem that names the field', async (query, field) => {
  const answer = await service.get(`/v1/ledger?${query}`);
  expect([answer.status, answer.json['field']]).toEqual([400, field]);
});
