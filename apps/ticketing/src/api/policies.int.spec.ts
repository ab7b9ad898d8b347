/** Administrators say how a bot's updates become tickets; every version is kept, and the latest holds everywhere soon. */
import { eventually } from '@onceline/testing';
import { messageFrom } from '../store/fixtures.spec.js';
import { TestService } from '../test-service.spec.js';

interface Entry {
  readonly version: number;
  readonly policy: { readonly reopenWithinHours: number; readonly staff: string[] };
  readonly madeBy: string | null;
}

let service: TestService;
beforeAll(async () => {
  service = await TestService.start();
}, 60_000);
afterAll(() => service.stop());

const PATH = '/v1/bots/7/policy';
const read = () => service.get<Entry>(PATH);
const write = (policy: object, headers: Record<string, string> = {}, path = PATH) =>
  service.ask<Entry & Record<string, unknown>>('admin', 'PUT', path, policy, headers);

it('a bot that nobody has written one for has the standard, as version 0', async () => {
  const { json, headers } = await service.get<Entry>('/v1/bots/99/policy');
  expect([json.version, json.madeBy, json.policy.reopenWithinHours, headers.get('etag')]).toEqual([0, null, 72, '"0"']);
});

it('is written anew by who has seen the last version; the same again makes no new one', async () => {
  const first = await write({ staff: ['77'] }, { 'if-match': '"0"' });
  expect([first.status, first.json.version, first.json.policy.staff]).toEqual([200, 1, ['77']]);
  expect(first.json.madeBy).toMatch(/^admin:/);
  expect((await write({ staff: ['77'] })).json.version).toBe(1);
  expect((await write({ staff: [] }, { 'if-match': '"0"' })).status).toBe(412);
  expect((await write({}, { 'if-match': '"1"' })).json).toMatchObject({ version: 2, policy: { staff: [] } });
  const seen = { 'if-match': '"2"' };
  const both = await Promise.all([write({ staff: ['1'] }, seen), write({ staff: ['2'] }, seen)]);
  expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
  expect((await read()).json.version).toBe(3);
});

it('holds for the updates that come', async () => {
  await write({ commandsOpenTickets: true });
  const start = { entities: [{ type: 'bot_command', offset: 0, length: 6 }] };
  let chat = 5000;
  const outcomeOfCall = async () => {
    const key = await service.publish(messageFrom((chat += 1), '/start', start));
    return (await service.settled(key)).outcome;
  };
  await eventually(async () => expect(await outcomeOfCall()).toBe('ticket-opened'));
});

it.each([
  [{ reopenWithinHours: -1 }, 'body.reopenWithinHours'],
  [{ staff: ['bob'] }, 'body.staff.0'],
  [{ groupTickets: 'chat' }, 'body.groupTickets'],
  [{ groupTicketsByChat: { '42': 'topic' } }, 'body.groupTicketsByChat.42'],
  [{ closingPhrases: [''] }, 'body.closingPhrases.0'],
  [{ reopenWithin: 3 }, 'body'],
])('%j is a problem that names the field', async (policy, field) => {
  const answer = await write(policy);
  expect([answer.status, answer.json['field']]).toEqual([400, field]);
});

it('is for administrators to write, for bots that can be, and for all to see', async () => {
  expect((await service.ask('ada', 'PUT', PATH, {})).status).toBe(403);
  expect((await write({}, {}, '/v1/bots/seven/policy')).json['field']).toBe('params.botId');
  expect((await service.get(PATH, { authorization: 'Bearer none' })).status).toBe(401);
});
