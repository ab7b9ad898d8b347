import { encodeCursor } from '@onceline/service-kit';
import { HEADERS, TOPICS } from '@onceline/contracts';
import { eventually } from '@onceline/testing';
import { messageFrom } from '../store/fixtures.spec.js';
import { ledgerPath, TestService, type Entry } from '../test-service.spec.js';

let service: TestService;
beforeAll(async () => {
  service = await TestService.start();
}, 60_000);
afterAll(() => service.stop());

describe('an update becomes a ticket that can be read', () => {
  it('with its messages, its history and its version as ETag', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const first = await service.publish(messageFrom(501, 'My parcel is lost'), { headers: { traceparent } });
    const second = await service.publish(messageFrom(501, 'Hello?'));
    const { ticketId, outcome, traceId } = await service.settled(first);
    expect([outcome, traceId]).toEqual(['ticket-opened', '0af7651916cd43dd8448eb211c80319c']);
    expect(await service.settled(second)).toMatchObject({ outcome: 'message-appended', ticketId, traceId: null });
    const ticket = await service.get<{ messages: { text: string }[]; version: number }>(`/v1/tickets/${ticketId}`);
    expect(ticket.json.messages.map(({ text }) => text)).toEqual(['My parcel is lost', 'Hello?']);
    expect([ticket.json.version, ticket.headers.get('etag')]).toEqual([3, '"3"']);
    expect((await service.get(`/v1/tickets/${ticketId}`, { 'if-none-match': '"3"' })).status).toBe(304);
    const events = await service.get<{ items: { type: string }[]; nextCursor: string }>(
      `/v1/tickets/${ticketId}/events?limit=2`,
    );
    expect(events.json.items.map(({ type }) => type)).toEqual(['ticket-opened', 'message-appended']);
    const rest = await service.get<{ items: { version: number }[]; nextCursor: null }>(
      `/v1/tickets/${ticketId}/events?limit=2&cursor=${events.json.nextCursor}`,
    );
    expect([rest.json.items.map(({ version }) => version), rest.json.nextCursor]).toEqual([[3], null]);
  });

  it('and is published to tickets.events', async () => {
    const { ticketId } = await service.settled(await service.publish(messageFrom(502)));
    await eventually(async () => {
      const records = await service.recordsOf(TOPICS.ticketEvents, ({ key }) => key === ticketId);
      expect(records.map(({ headers }) => headers[HEADERS.eventType])).toEqual(['ticket-opened', 'message-appended']);
    });
  });

  it('lists the tickets of a customer in all chats, and with a bot those with that bot', async () => {
    const inGroup = { chat: { id: -700, type: 'supergroup' }, from: { id: 701 } };
    await service.settled(await service.publish(messageFrom(701), { bot: '98' }));
    await service.settled(await service.publish(messageFrom(701, 'hello', inGroup), { bot: '98' }));
    await service.settled(await service.publish(messageFrom(701), { bot: '97' }));
    await service.settled(await service.publish(messageFrom(702), { bot: '98' }));
    const conversations = async (query: string) =>
      (await service.get<{ items: { conversation: string }[] }>(`/v1/tickets?${query}`)).json.items.map(
        ({ conversation }) => conversation,
      );
    expect(await conversations('bot=98&customer=701')).toEqual(['98:-700/c701', '98:701']);
    expect(await conversations('customer=701')).toEqual(['97:701', '98:-700/c701', '98:701']);
    expect(await conversations('bot=98&customer=701&chat=701')).toEqual(['98:701']);
    expect(await conversations('customer=700')).toEqual([]);
  });

  it('lists tickets newest first, page by page, by bot, chat, conversation and status', async () => {
    for (let chat = 600; chat < 605; chat += 1)
      await service.settled(await service.publish(messageFrom(chat), { bot: '99' }));
    const seen: string[] = [];
    let cursor = '';
    for (let page = 0; page < 4; page += 1) {
      const { json } = await service.get<{ items: { chatId: string }[]; nextCursor: string | null }>(
        `/v1/tickets?bot=99&limit=2${cursor}`,
      );
      seen.push(...json.items.map(({ chatId }) => chatId));
      if (json.nextCursor === null) break;
      cursor = `&cursor=${json.nextCursor}`;
    }
    expect(seen).toEqual(['604', '603', '602', '601', '600']);
    for (const query of ['chat=602&status=new', 'conversation=99:602']) {
      expect((await service.get<{ items: object[] }>(`/v1/tickets?${query}`)).json.items).toMatchObject([
        { chatId: '602' },
      ]);
    }
  });
});

describe('the ledger', () => {
  it('says why the second post made no ticket', async () => {
    const key = await service.publish(messageFrom(503));
    const { ticketId } = await service.settled(key);
    const copy = { partition: 1, offset: 12, receivedAt: '2026-01-01T00:00:05.000Z' };
    const value = {
      schemaVersion: 1,
      idempotencyKey: key,
      copy,
      first: { offset: 3, seenAt: '2026-01-01T00:00:00.000Z' },
    };
    for (const record of [value, value, { nonsense: true }]) {
      await service.publishDuplicate(record);
    }
    const entry = await eventually(async () => {
      const { json } = await service.get<Entry>(ledgerPath(key));
      expect(json.duplicateCount).toBe(1);
      return json;
    });
    expect(entry).toMatchObject({
      outcome: 'ticket-opened',
      ticketId,
      duplicates: [{ ...copy, firstOffset: 3, firstSeenAt: '2026-01-01T00:00:00.000Z' }],
    });
    expect(entry.explanation).toContain(`ticket ${ticketId}. 1 further copy was refused`);
    await eventually(async () =>
      expect(await service.registry.metrics()).toContain('onceline_ticketing_duplicates_malformed_total 1'),
    );
  });

  it('finds keys with colons, slashes and more than a hundred characters', async () => {
    const key = `tg1:7:business_message:b${'x'.repeat(120)}/504:9:~a%2Fb`;
    await service.publish({ update_id: 1, poll: {} }, { key });
    expect(await service.settled(key)).toMatchObject({
      idempotencyKey: key,
      outcome: 'ignored',
      reason: 'not-a-message',
    });
    expect(
      (
        await fetch(`${service.url}/v1/ledger/${key.replace('%', '%25')}`, {
          headers: { authorization: 'Bearer secret' },
        })
      ).status,
    ).toBe(200);
  });

  it('answers 404 for what has no outcome, and says that it may be pending', async () => {
    const { status, json, headers } = await service.get(ledgerPath('tg1:7:message:1:1:999999999'));
    expect([status, headers.get('content-type')]).toEqual([404, expect.stringContaining('application/problem+json')]);
    expect(json['detail']).toContain('may still be pending');
  });

  it('books a record that nobody can read as a dead letter, and lets its neighbours through', async () => {
    const before = await service.publish(messageFrom(505));
    const broken = await service.publish(
      { update_id: 77, message: { message_id: 'seven' } },
      { key: 'tg1:7:message:505:-:77' },
    );
    const after = await service.publish(messageFrom(505));
    expect(await service.settled(broken)).toMatchObject({ outcome: 'dead-lettered', reason: 'unreadable-message' });
    expect((await service.settled(before)).ticketId).toBe((await service.settled(after)).ticketId);
    await eventually(async () => {
      const isIt = ({ headers }: { headers: Record<string, string> }) => headers['idempotency-key'] === broken;
      const letters = await service.recordsOf(TOPICS.ticketingDeadLetter, isIt);
      expect(letters.map(({ headers }) => headers)).toMatchObject([
        { 'failure-code': 'unreadable-message', 'failure-kind': 'permanent', consumer: 'ticketing' },
      ]);
    });
  });
});

describe('bad requests', () => {
  it.each([
    ['/v1/tickets?limit=0', 400, 'query.limit'],
    ['/v1/tickets?limit=101', 400, 'query.limit'],
    ['/v1/tickets?limit=many', 400, 'query.limit'],
    ['/v1/tickets?status=asleep', 400, 'query.status'],
    ['/v1/tickets?priority=7', 400, 'query.priority'],
    ['/v1/tickets?botId=7', 400, 'query'],
    ['/v1/tickets?cursor=abc', 400, 'query.cursor'],
    ['/v1/tickets?bot=%00', 400, 'query.bot'],
    [`/v1/tickets?cursor=${encodeCursor(['0000-01-01T00:00:00.000Z', 't'])}`, 400, 'query.cursor'],
    [`/v1/tickets?cursor=${encodeCursor([`2026-01-01T00:00:00.${'1'.repeat(200)}Z`, 't'])}`, 400, 'query.cursor'],
    [`/v1/tickets?cursor=${encodeCursor(['2026-01-01T00:00:00.000Z', '\u0000'])}`, 400, 'query.cursor'],
    [`/v1/tickets/t/events?cursor=${encodeCursor(2 ** 40)}`, 400, 'query.cursor'],
    ['/v1/tickets/t_unknown', 404, 'params.id'],
    ['/v1/tickets/%00', 400, 'params.id'],
    ['/v1/tickets/t_unknown/events', 404, 'params.id'],
    [`/v1/tickets/t_unknown/events?cursor=${encodeCursor(3)}`, 404, 'params.id'],
    ['/v1/tickets?limit=1e1', 400, 'query.limit'],
    ['/v1/tickets?limit=0x10', 400, 'query.limit'],
    ['/v1/parked-conversations?limit=101', 400, 'query.limit'],
    [`/v1/parked-conversations?cursor=${encodeCursor(['yesterday', ''])}`, 400, 'query.cursor'],
    ['/v1/ledger/%00', 400, 'params.idempotencyKey'],
  ])('%s is a problem that names the field', async (path, status, field) => {
    const answer = await service.get(path);
    expect([answer.status, answer.json['field']]).toEqual([status, field]);
    expect(answer.json['fix']).toBeTruthy();
  });

  it('without a token are refused', async () => {
    for (const path of [
      '/v1/tickets',
      '/v1/tickets/t',
      '/v1/tickets/t/events',
      '/v1/ledger/k',
      '/v1/ledger?outcome=parked',
    ]) {
      expect((await service.get(path, { authorization: 'Bearer wrong' })).status).toBe(401);
    }
  });
});

it('the routes are described by the schemas that check them', async () => {
  const { json } = await service.get<{ paths: Record<string, object> }>('/docs/openapi.json');
  expect(Object.keys(json.paths)).toEqual([
    '/v1/tickets',
    '/v1/tickets/{id}',
    '/v1/tickets/{id}/events',
    '/v1/parked-conversations',
    '/v1/search',
    '/v1/ledger',
    '/v1/ledger/{idempotencyKey}',
    '/v1/exports/tickets',
    '/v1/exports/messages',
    '/v1/live',
    '/v1/queue',
    '/v1/queue/next',
    '/v1/tickets/{id}/notes',
    '/v1/tickets/{id}/links',
    '/v1/tickets/{id}/links/{ticketId}',
    '/v1/tickets/{id}/merge',
    '/v1/bots/{botId}/policy',
    '/v1/bots/{botId}/sla',
    '/v1/bots/{botId}/sla/versions',
    '/v1/tickets/{id}/figures',
    '/v1/tickets/{id}/explain/{figure}',
    '/v1/reports/sla',
    '/v1/agents',
    '/v1/agents/{name}',
    '/v1/customers/{botId}/{customerId}',
    '/v1/customers/{botId}/{customerId}/merge',
    '/v1/customers/{botId}/{customerId}/split',
    '/v1/customers/{botId}/{customerId}/export',
    '/v1/customers/{botId}/{customerId}/erasure',
    '/v1/erasures',
    '/v1/ledger/{idempotencyKey}/discard',
    '/v1/rehearsals',
    '/v1/dead-letter-breaker',
    '/v1/dead-letter-breaker/close',
    '/v1/faults',
  ]);
});
