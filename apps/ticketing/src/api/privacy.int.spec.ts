/** A customer asks what is held on him, and that it be erased. */
import { eventually } from '@onceline/testing';
import { messageFrom } from '../store/fixtures.spec.js';
import { TestService } from '../test-service.spec.js';

let service: TestService;
beforeAll(async () => (service = await TestService.start()), 60_000);
afterAll(() => service.stop());

const GROUP = { chat: { id: -1001, type: 'supergroup', is_forum: true }, is_topic_message: true, message_thread_id: 5 };

interface Line {
  readonly ticket?: { readonly id: string };
  readonly event?: { readonly type: string; readonly isErased?: boolean; readonly data: { readonly text?: string } };
}

async function exported(customer: number): Promise<Line[]> {
  const response = await fetch(`${service.url}/v1/customers/7/${customer}/export`, {
    headers: { authorization: 'Bearer admin-secret' },
  });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
  const text = await response.text();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

it('all that is held on a customer: his tickets with their histories, and what he wrote in the tickets of others', async () => {
  await service.admin('PUT', '/v1/bots/7/policy', { groupTicketsByChat: { '-1001': 'topic' } });
  const { ticketId } = await service.settled(await service.publish(messageFrom(41, 'mine')));
  await service.ask('ada', 'POST', `/v1/tickets/${ticketId}/notes`, { text: 'about him' });
  const inTopic = (from: number, text: string) =>
    service.publish(messageFrom(from, text, { ...GROUP, from: { id: from, is_bot: false, first_name: 'Ann' } }));
  await eventually(async () => {
    const { json } = await service.get<{ policy: { groupTicketsByChat: object } }>('/v1/bots/7/policy');
    expect(json.policy.groupTicketsByChat).toEqual({ '-1001': 'topic' });
  });
  await service.settled(await inTopic(40, 'of somebody else'));
  await service.settled(await inTopic(41, 'said in public'));
  await eventually(async () => {
    const lines = await exported(41);
    expect(lines[0]).toMatchObject({ ticket: { id: ticketId, customerId: '41' } });
    const texts = lines.flatMap(({ event }) => event?.data.text ?? []);
    expect(texts).toEqual(['mine', 'about him', 'said in public']);
  });
}, 30_000);

it('erased once, it is told who asked for it and when, and what was said is gone from every answer', async () => {
  const { ticketId } = await service.settled(await service.publish(messageFrom(51, 'sesquipedalian')));
  await service.ask('ada', 'POST', `/v1/tickets/${ticketId}/notes`, { text: 'sesquipedalian note' });
  await eventually(async () => {
    const { json } = await service.get<{ items: object[] }>('/v1/search?q=sesquipedalian');
    expect(json.items).toHaveLength(1);
  });
  const { status, json } = await service.admin('POST', '/v1/customers/7/51/erasure');
  expect([status, json]).toEqual([
    200,
    expect.objectContaining({ personId: '51', reason: 'asked', keyCount: 1, askedBy: expect.stringMatching(/^admin/) }),
  ]);
  const answers = await Promise.all([
    service.get(`/v1/tickets/${ticketId}`),
    service.get(`/v1/tickets/${ticketId}/events`),
    service.get(`/v1/tickets/${ticketId}/explain/resolution`),
    service.get('/v1/search?q=sesquipedalian'),
    service.get('/v1/tickets?customer=51'),
    exported(51),
  ]);
  expect(JSON.stringify(answers)).not.toContain('sesquipedalian');
  expect((await exported(51)).filter(({ event }) => event?.isErased).map(({ event }) => event?.type)).toEqual([
    'message-appended',
    'note-added',
  ]);
  const { json: page } = await service.admin<{ items: object[] }>('GET', '/v1/erasures?bot=7&limit=1');
  expect(page.items).toEqual([json]);
});

it('who has two accounts is exported and erased in both', async () => {
  await service.settled(await service.publish(messageFrom(61, 'by the one account')));
  await service.settled(await service.publish(messageFrom(62, 'by the other')));
  const merged = await service.ask('ada', 'POST', '/v1/customers/7/61/merge', { with: '62' });
  expect(merged.status).toBe(200);
  const texts = async () => (await exported(62)).flatMap(({ event }) => event?.data.text ?? []).sort();
  expect(await texts()).toEqual(['by the one account', 'by the other']);
  const { json } = await service.admin<{ accounts: string[] }>('POST', '/v1/customers/7/61/erasure');
  expect(json).toMatchObject({ keyCount: 2 });
  expect([...json.accounts].sort()).toEqual(['61', '62']);
  expect(await texts()).toEqual([]);
});

it.each([
  ['GET', '/v1/customers/7/51/export'],
  ['POST', '/v1/customers/7/51/erasure'],
  ['GET', '/v1/erasures'],
])('%s %s is for administrators', async (method, path) => {
  expect((await service.ask('ada', method, path)).status).toBe(403);
});

it.each(['/v1/customers/7/4100000/export', '/v1/customers/7/4100000/erasure', '/v1/customers/8/51/erasure'])(
  '%s is of nobody that the bot knows',
  async (path) => {
    const { status, json } = await service.admin(path.endsWith('export') ? 'GET' : 'POST', path);
    expect([status, json['field']]).toEqual([404, 'params.customerId']);
  },
);

it.each([
  ['/v1/customers/x/51/erasure', 'params.botId'],
  ['/v1/customers/7/%00/erasure', 'params.customerId'],
  ['/v1/customers/7/chat:-1/export', 'params.customerId'],
  ['/v1/customers/7/abc/erasure', 'params.customerId'],
])('%s is a problem that names the field', async (path, field) => {
  const { status, json } = await service.admin(path.endsWith('export') ? 'GET' : 'POST', path);
  expect([status, json['field']]).toEqual([400, field]);
});
