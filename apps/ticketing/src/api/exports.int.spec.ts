/** Whole lists as files: each line once, whatever the number of lines, and no faster than somebody reads. */
import { eventually } from '@onceline/testing';
import { OpenStreams } from './open-streams.js';
import { messageFrom } from '../store/fixtures.spec.js';
import { TestService } from '../test-service.spec.js';
import { Exports } from './exports.js';

let service: TestService;
beforeAll(async () => {
  service = await TestService.start();
  await service.store.ask(
    `insert into ticketing.tickets (ticket_id, bot_id, chat_id, conversation, status, version, message_count, opened_at, updated_at, tags)
       select 't' || lpad(i::text, 3, '0'), '20', '-' || i, '20:-' || i, 'closed', 2, 1, '2026-01-01'::timestamptz + i * interval '1 minute', now(),
         case when i = 7 then '["vip"]' else '[]' end::jsonb from generate_series(1, 130) as i`,
  );
  await service.store.ask(
    `insert into ticketing.ticket_messages (bot_id, chat_id, message_id, ticket_id, version, content_version, sent_at, sender_id)
       select '20', '-7', n, 't007', n, n, now(), '7' from generate_series(1, 250) as n`,
  );
  // As they were before they were sealed.
  await service.store.ask(
    `insert into ticketing.events (ticket_id, version, type, event_id, idempotency_key, payload)
       select 't007', n, 'message-appended', 't007.' || n, 'k' || n, json_build_object('type', 'message-appended', 'schemaVersion', 2,
         'eventId', 't007.' || n, 'data', json_build_object('text', case n when 1 then '=1+1' else 'message ' || n end, 'attachments', '[]'::json,
           'sender', '{"id":"7","name":"Ann \\"A\\"","username":null}'::json))
         from generate_series(1, 250) as n`,
  );
}, 60_000);
afterAll(() => service.stop());

async function get(path: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${service.url}/v1/exports/${path}`, {
    headers: { authorization: 'Bearer secret', ...headers },
  });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}
const linesOf = (text: string) => text.split('\n').filter((line) => line !== '');

it('of tickets, as the list shows them, the oldest first', async () => {
  const { status, type, text } = await get('tickets?bot=20');
  expect([status, type]).toEqual([200, 'application/x-ndjson']);
  const tickets = linesOf(text).map((line) => JSON.parse(line) as { id: string });
  const expected = Array.from({ length: 130 }, (_, index) => `t${String(index + 1).padStart(3, '0')}`);
  expect(tickets.map(({ id }) => id)).toEqual(expected);
  const { json } = await service.get<{ items: object[] }>('/v1/tickets?bot=20&tag=vip');
  expect(tickets[6]).toEqual(json.items[0]);
  expect(linesOf((await get('tickets?bot=20&tag=vip')).text)).toHaveLength(1);
  expect((await get('tickets?bot=unknown')).text).toBe('');
});

it('of messages, ticket by ticket, also where one ticket has many', async () => {
  const opened = await service.settled(await service.publish(messageFrom(901, 'Hello'), { bot: '20' }));
  const messages = linesOf((await get('messages?bot=20')).text).map(
    (line) => JSON.parse(line) as { ticketId: string; version: number },
  );
  const expected = Array.from({ length: 250 }, (_, index) => ['t007', index + 1]);
  expect(messages.map(({ ticketId, version }) => [ticketId, version])).toEqual([...expected, [opened.ticketId, 2]]);
});

it('in CSV, by the header Accept or by name, without formulas', async () => {
  const { type, text } = await get('messages?bot=20&tag=vip', { accept: 'text/csv' });
  expect(type).toBe('text/csv; charset=utf-8; header=present');
  const [head, first, second] = text.split('\r\n');
  expect(head).toBe(
    'ticketId,version,botId,chatId,messageId,author,senderId,senderName,senderUsername,sentAt,editedAt,editCount,mediaGroupId,text,attachments,isErased,deletedAt',
  );
  expect(first).toMatch(/^t007,1,20,-7,1,customer,7,"Ann ""A""",,[^,]+,,0,,'=1\+1,\[\],false,$/);
  expect(second).toContain(',message 2,');
  expect((await get('tickets?bot=20&tag=vip&format=csv', { accept: 'application/x-ndjson' })).text).toMatch(
    /^id,botId,chatId,[^]*\r\nt007,20,-7,20:-7,[^]*"\[""vip""\]"[^]*\r\n$/,
  );
  expect(linesOf((await get('tickets?bot=unknown&format=csv')).text)).toHaveLength(1);
});

it('reads a page ahead of its reader and no more', async () => {
  let asked = 0;
  const counting: typeof service.store.withSession = (work) => {
    asked += 1;
    return service.store.withSession(work);
  };
  const stream = await new Exports({ ...service.store, withSession: counting }, new OpenStreams()).open(
    'messages',
    { bot: '20' },
    'ndjson',
  );
  stream.once('readable', () => undefined);
  await eventually(() => expect(stream.readableLength).toBeGreaterThan(0));
  await new Promise((resolve) => setTimeout(resolve, 200));
  const before = asked;
  expect(before).toBeLessThan(4);
  let count = 0;
  for await (const chunk of stream) count += linesOf(String(chunk)).length;
  expect(count).toBeGreaterThan(250);
  expect(asked).toBeGreaterThan(before);
});

it('breaks off what nobody reads to the end when the service stops', async () => {
  const streams = new OpenStreams();
  const stream = await new Exports(service.store, streams).open('messages', { bot: '20' }, 'ndjson');
  const ended = new Promise((resolve) => stream.once('error', resolve));
  streams.end();
  expect(await ended).toEqual(new Error('The service stops.'));
});

it.each([
  ['tickets?limit=5', 'query'],
  ['tickets?format=xml', 'query.format'],
  ['messages?status=lost', 'query.status'],
])('%s is a problem that names the field', async (path, field) => {
  const { status, text } = await get(path);
  expect([status, (JSON.parse(text) as { field: string }).field]).toEqual([400, field]);
});
