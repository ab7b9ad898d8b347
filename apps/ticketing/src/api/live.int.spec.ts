/** Events of tickets over HTTP, as agents' screens follow them. */
import { eventually } from '@onceline/testing';
import { messageFrom } from '../store/fixtures.spec.js';
import { EventSource } from '../live/event-source.spec.js';
import { encodePosition } from '../live/position.js';
import { TestService } from '../test-service.spec.js';

let service: TestService;
beforeAll(async () => {
  service = await TestService.start();
}, 60_000);
afterAll(() => service.stop());

const leaving = new AbortController();
afterAll(() => leaving.abort());

async function follow(query = '', headers: Record<string, string> = {}) {
  const response = await fetch(`${service.url}/v1/live${query}`, {
    headers: { authorization: 'Bearer secret', ...headers },
    signal: leaving.signal,
  });
  if (response.body === null) throw new Error(`no stream but ${response.status}`);
  return { response, source: new EventSource(response.body) };
}

it('tells of what customers and agents do, without what anybody wrote', async () => {
  const { response, source } = await follow();
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  expect(response.headers.get('cache-control')).toBe('no-store');
  const { ticketId } = await service.settled(await service.publish(messageFrom(801, 'My parcel is lost')));
  await service.ask('ada', 'PATCH', `/v1/tickets/${ticketId}`, { assignee: 'ada' });
  await service.ask('ada', 'POST', `/v1/tickets/${ticketId}/notes`, { text: 'He is right' });
  await eventually(() => expect(source.events.map(({ event }) => event)).toContain('note-added'));
  const { json } = await service.get<{ items: { type: string; version: number; eventId: string }[] }>(
    `/v1/tickets/${ticketId}/events`,
  );
  expect(source.events.map(({ data }) => data)).toEqual(
    json.items.map(({ type, version, eventId }) => ({
      ...{ eventId, ticketId, version, type, botId: '7', conversation: '7:801' },
      occurredAt: expect.stringMatching(/^2.*Z$/) as string,
    })),
  );
  expect(JSON.stringify(source.events)).not.toMatch(/parcel|right/);
});

it('goes on behind the last event that the client has heard of, by the header before the address', async () => {
  const { source } = await follow('?bot=61');
  const tell = async (text: string) => service.settled(await service.publish(messageFrom(802, text), { bot: '61' }));
  const { ticketId } = await tell('one');
  await tell('two');
  await eventually(() => expect(source.heard).toHaveLength(3));
  const [first, second] = source.events;
  await tell('three');
  const rest = (await follow(`?bot=61&after=${second?.id}`)).source;
  await eventually(() => expect(rest.heard).toEqual([3, 4].map((version) => [ticketId, version])));
  const known = { 'last-event-id': first?.id ?? '' };
  const both = (await follow(`?ticket=${ticketId}&after=${second?.id}`, known)).source;
  await eventually(() => expect(both.heard).toEqual([2, 3, 4].map((version) => [ticketId, version])));
});

it.each([
  ['?after=abc', {}, 'query.after'],
  ['?after=', {}, 'query.after'],
  ['', { 'last-event-id': 'abc' }, 'headers.last-event-id'],
  [`?after=${encodePosition({ txId: 2n ** 62n, id: 1n })}`, {}, 'query.after'],
  ['', { 'last-event-id': encodePosition({ txId: 2n ** 62n, id: 1n }) }, 'headers.last-event-id'],
  ['?botId=7', {}, 'query'],
  ['?ticket=%00', {}, 'query.ticket'],
])('%s %j is a problem that names the field', async (query, headers: Record<string, string>, field) => {
  const answer = await service.get(`/v1/live${query}`, headers);
  expect([answer.status, answer.json['field']]).toEqual([400, field]);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
});

it('needs a token', async () => {
  expect((await service.get('/v1/live', { authorization: 'Bearer wrong' })).status).toBe(401);
});

it.each(['/v1/live', '/v1/exports/tickets'])('%s answers HEAD with what GET would be', async (path) => {
  const response = await fetch(`${service.url}${path}`, {
    method: 'HEAD',
    headers: { authorization: 'Bearer secret' },
  });
  expect([response.status, await response.text()]).toEqual([200, '']);
  expect(response.headers.get('content-type')).toMatch(/^(text\/event-stream|application\/x-ndjson)$/);
});
