/** Administrators register agents, and a policy that says so gives them the tickets that nobody has. */
import { eventually } from '@onceline/testing';
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
