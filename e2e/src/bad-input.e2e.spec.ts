import { TOPICS } from '@onceline/contracts';
import { eventually } from '@onceline/testing';
import { System } from '@onceline/tools';
import { expectBalanced } from './books.js';
import { post, privateMessage, read } from './webhook.js';

describe('bad input is refused or kept, never lost and never in the way', () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start();
  });
  afterAll(async () => {
    await expectBalanced(system);
    await system.stop();
  });

  it('refuses what is not Telegram, without storing it', async () => {
    const { body } = privateMessage('Let me in');
    const secret = 'x-telegram-bot-api-secret-token';
    expect((await post(system, body, { headers: { [secret]: 'wrong' } })).status).toBe(401);
    expect((await post(system, body, { bot: '4711' })).status).toBe(404);
    expect((await post(system, body, { method: 'PUT' })).status).toBe(405);
    expect((await post(system, body, { headers: { 'content-type': 'text/plain' } })).status).toBe(415);
  });

  it('refuses a body over 1 MiB and takes one just below', async () => {
    const large = (bytes: number): string => {
      const { updateId } = privateMessage('');
      const head = `{"update_id":${updateId},"future_kind":"`;
      return `${head}${'x'.repeat(bytes - head.length - 2)}"}`;
    };
    expect((await post(system, large(1024 * 1024 + 1))).status).toBe(413);
    expect((await post(system, large(1024 * 1024))).status).toBe(200);
  });

  it('keeps the bytes of an authentic body that is no update', async () => {
    const answer = await post(system, '{"update_id":"seven"}');
    expect(answer.status).toBe(400);
    expect(answer.body).toContain('update_id');
    const kept = await system.recordsOf(TOPICS.ingressDeadLetter);
    expect(kept.map(({ value }) => value?.toString())).toEqual(['{"update_id":"seven"}']);
    expect(kept[0]?.headers).toMatchObject({ 'failure-code': 'malformed-update', 'bot-id': '1000001' });
  });

  it('accepts a kind of the future and books it as ignored', async () => {
    const { updateId } = privateMessage('');
    const body = `{"update_id":${updateId},"telepathy":{"from":{"id":5}}}`;
    expect((await post(system, body)).status).toBe(200);
    const path = `/v1/ledger/${encodeURIComponent(`tg1:1000001:telepathy:u5:-:${updateId}`)}`;
    await eventually(async () => expect((await read<{ outcome: string }>(system, path)).json.outcome).toBe('ignored'));
  });

  it('dead-letters a message that no rule can read, and its neighbours become tickets', async () => {
    const before = privateMessage('before');
    const after = privateMessage('after');
    const broken = `{"update_id":${before.updateId + 7_000_000},"message":{"message_id":"seven","date":1,"chat":{"id":${before.chatId},"type":"private"}}}`;
    for (const body of [before.body, broken, after.body]) expect((await post(system, body)).status).toBe(200);
    await eventually(async () => {
      const letters = await system.recordsOf(TOPICS.ticketingDeadLetter);
      expect(letters.map(({ value }) => value?.toString())).toEqual([broken]);
      expect(letters[0]?.headers).toMatchObject({ 'failure-kind': 'permanent', consumer: 'ticketing' });
    });
    for (const { chatId } of [before, after]) {
      await eventually(async () =>
        expect((await read<{ items: unknown[] }>(system, `/v1/tickets?chat=${chatId}`)).json.items).toHaveLength(1),
      );
    }
  });
});
