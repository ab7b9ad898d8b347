/** A stop waits for nobody who follows or reads: a connection that takes nothing would hold it for ever. */
import { connect, type Socket } from 'node:net';
import { eventually } from '@onceline/testing';
import { TestService } from '../test-service.spec.js';

let service: TestService;
beforeAll(async () => {
  service = await TestService.start();
  await service.store.ask(
    `insert into ticketing.tickets (ticket_id, bot_id, chat_id, conversation, status, version, message_count, opened_at, updated_at)
       values ('t1', '20', '-7', '20:-7', 'closed', 15000, 15000, now(), now())`,
  );
  await service.store.ask(
    `insert into ticketing.ticket_messages (bot_id, chat_id, message_id, ticket_id, version, content_version, sent_at, sender_id)
       select '20', '-7', n, 't1', n, n, now(), '7' from generate_series(1, 15000) as n`,
  );
  // More than any number of buffers on the way takes. As they were before they were sealed.
  await service.store.ask(
    `insert into ticketing.events (ticket_id, version, type, event_id, idempotency_key, payload)
       select 't1', n, 'message-appended', 't1.' || n, 'k' || n, json_build_object('type', 'message-appended', 'schemaVersion', 2,
         'eventId', 't1.' || n, 'data', json_build_object('text', repeat(md5(n::text), 120), 'attachments', '[]'::json,
           'sender', '{"id":"7","name":"Ann","username":null}'::json))
         from generate_series(1, 15000) as n`,
  );
}, 60_000);
afterAll(() => service.stop());

/** A client that asks, sees the answer begin, and then reads no more. */
async function asks(url: string, path: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.write(`GET ${path} HTTP/1.1\r\nhost: onceline\r\nauthorization: Bearer secret\r\n\r\n`);
  const begun = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
  socket.pause();
  expect(begun.toString('latin1')).toMatch(/^HTTP\/1\.1 200 /);
  return socket;
}

/** The stop throws when it hangs, or when one of its steps fails. */
async function stopsCleanly(paths: readonly string[]): Promise<void> {
  const instance = await service.startInstance({ SHUTDOWN_TIMEOUT_MS: '15000' });
  const sockets = await Promise.all(paths.map((path) => asks(instance.url, path)));
  expect(sockets.map(({ readyState }) => readyState)).toEqual(paths.map(() => 'open'));
  await instance.stop();
  for (const socket of sockets) {
    socket.resume();
    await eventually(() => expect(socket.closed).toBe(true));
  }
}

it.each([
  ['an export that nobody reads', ['/v1/exports/messages?bot=20']],
  ['a stream of events', ['/v1/live']],
  ['a stream of events that has much to catch up', ['/v1/live?after=MC0w']],
  ['many of both', [...Array<string>(20).fill('/v1/live'), ...Array<string>(5).fill('/v1/exports/messages?bot=20')]],
])('%s', async (_what, paths) => stopsCleanly(paths), 60_000);
