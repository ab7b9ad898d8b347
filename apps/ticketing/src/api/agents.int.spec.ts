/** Administrators register agents, and a policy that says so gives them the tickets that nobody has. */
import { eventually } from '@onceline/testing';
import type { AgentEntry, AgentsPage } from './agent-schemas.js';
import { messageFrom } from '../store/fixtures.spec.js';
import { TestService } from '../test-service.spec.js';

let service: TestService;
beforeAll(async () => {
  service = await TestService.start();
}, 60_000);
afterAll(() => service.stop());

const register = (name: string, body: object) => service.admin('PUT', `/v1/agents/${name}`, body);

it('an agent is registered anew each time, for all to see', async () => {
  expect((await service.get('/v1/agents/eve')).status).toBe(404);
  const { status, json } = await register('eve', { capacity: 3, team: 'refunds', isAway: true });
  expect([status, json]).toMatchObject([
    ...[200, { name: 'eve', capacity: 3, team: 'refunds', isAway: true, load: 0 }],
  ]);
  await register('eve', { capacity: 0 });
  expect((await service.get('/v1/agents/eve')).json).toMatchObject({ capacity: 0, team: null, isAway: false });
});

it('agents are listed by name, page by page', async () => {
  for (const name of ['lea', 'kim', 'mia']) await register(name, { capacity: 0 });
  const seen: AgentEntry[] = [];
  let cursor = '';
  do {
    const { json } = await service.get<AgentsPage>(`/v1/agents?limit=2${cursor}`);
    seen.push(...json.items);
    cursor = json.nextCursor === null ? '' : `&cursor=${json.nextCursor}`;
  } while (cursor !== '');
  expect(seen.map(({ name }) => name)).toEqual(['eve', 'kim', 'lea', 'mia']);
  expect(seen[1]).toEqual((await service.get('/v1/agents/kim')).json);
});

it.each([
  ['/v1/agents?limit=0', 'query.limit'],
  ['/v1/agents?cursor=x', 'query.cursor'],
  ['/v1/agents?team=refunds', 'query'],
])('%s is a problem that names the field', async (path, field) => {
  const answer = await service.get(path);
  expect([answer.status, answer.json['field']]).toEqual([400, field]);
});

describe('an agent is removed', () => {
  const remove = (path: string) => service.admin<Record<string, unknown> | undefined>('DELETE', `/v1/agents/${path}`);
  let chat = 37_100;
  const ticketOf = async (assignee: string, changes: object = {}) => {
    chat += 1;
    const { ticketId } = await service.settled(await service.publish(messageFrom(chat), { bot: '37' }));
    await service.admin('PATCH', `/v1/tickets/${ticketId}`, { assignee, ...changes });
    return ticketId;
  };

  it('but not while he has active tickets, unless they are handed back: then nobody has them', async () => {
    await register('eve', { capacity: 3 });
    const [open, pending] = [await ticketOf('eve'), await ticketOf('eve', { status: 'pending' })];
    const resolved = await ticketOf('eve', { status: 'resolved' });
    const refused = await remove('eve');
    expect([refused.status, refused.json]).toMatchObject([409, { field: 'params.name' }]);
    expect(refused.json?.['detail']).toBe('He has active tickets: 2.');
    expect((await service.get('/v1/agents/eve')).json).toMatchObject({ isAway: false, load: 1 });

    const removed = await remove('eve?tickets=hand-back');
    expect([removed.status, removed.json]).toEqual([204, undefined]);
    expect((await service.get('/v1/agents/eve')).status).toBe(404);
    const { json } = await service.get<{ items: { id: string; assignee: string | null }[] }>('/v1/tickets?bot=37');
    expect(Object.fromEntries(json.items.map(({ id, assignee }) => [id, assignee]))).toEqual({
      ...{ [open]: null, [pending]: null, [resolved]: 'eve' },
    });
    const { items } = (await service.get<{ items: object[] }>(`/v1/tickets/${open}/events`)).json;
    const by = expect.stringMatching(/^admin:/) as unknown;
    expect(items.at(-1)).toMatchObject({ type: 'ticket-assigned', data: { assignee: null, by } });
  });

  it('once: there is none of his name after that', async () => {
    await register('zoe', { capacity: 3 });
    expect((await remove('zoe')).status).toBe(204);
    const again = await remove('zoe?tickets=hand-back');
    expect([again.status, again.json?.['field']]).toEqual([404, 'params.name']);
  });

  it('only by an administrator, and with no other word than hand-back', async () => {
    expect((await service.ask('ada', 'DELETE', '/v1/agents/kim')).status).toBe(403);
    const { status, json } = await remove('kim?tickets=keep');
    expect([status, json?.['field']]).toEqual([400, 'query.tickets']);
  });
});

it.each([
  ['eve', {}, 'body.capacity'],
  ['eve', { capacity: -1 }, 'body.capacity'],
  ['eve', { capacity: 1, team: '' }, 'body.team'],
  ['eve', { capacity: 1, away: true }, 'body'],
  ['x'.repeat(65), { capacity: 1 }, 'params.name'],
])('%s cannot be registered with %j', async (name, body, field) => {
  const answer = await register(name, body);
  expect([answer.status, answer.json['field']]).toEqual([400, field]);
});

it('only by an administrator', async () => {
  expect((await service.ask('ada', 'PUT', '/v1/agents/ada', { capacity: 1 })).status).toBe(403);
});

it('tickets that nobody has are given away as the policy says, and as many as he can have', async () => {
  await register('ada', { capacity: 2 });
  await service.admin('PUT', '/v1/bots/7/policy', { assignment: 'least-loaded' });
  for (const chat of [37_001, 37_002, 37_003]) await service.settled(await service.publish(messageFrom(chat)));
  const assignees = async () => {
    const { json } = await service.get<{ items: { assignee: string | null }[] }>('/v1/tickets?bot=7');
    return json.items.map(({ assignee }) => assignee ?? 'nobody').sort();
  };
  await eventually(async () => expect(await assignees()).toEqual(['ada', 'ada', 'nobody']));
  expect((await service.get('/v1/agents/ada')).json).toMatchObject({ load: 2 });
});
