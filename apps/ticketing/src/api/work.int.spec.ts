/** Agents work on tickets over the API: every wish is done once, on the ticket that was seen, and leaves an event that says who it was. */
import { HEADERS, TOPICS } from '@onceline/contracts';
import { eventually } from '@onceline/testing';
import { messageFrom } from '../store/fixtures.spec.js';
import { readModelChecksum, rebuildReadModels } from '../store/rebuild-read-models.js';
import { TestService } from '../test-service.spec.js';

interface TicketJson {
  readonly id: string;
  readonly status: string;
  readonly version: number;
  readonly assignee: string | null;
  readonly tags: string[];
  readonly previousTicketId: string | null;
  readonly messages: {
    messageId: number;
    text: string;
    edits: { text: string }[];
    albumMessageIds: number[];
    attachments: object[];
  }[];
  readonly notes: { by: string; text: string }[];
}

let service: TestService;
beforeAll(async () => {
  service = await TestService.start();
}, 60_000);
afterAll(() => service.stop());

let chat = 7000;
/** A ticket of a new customer. */
async function newTicket(): Promise<{ id: string; chat: number; path: string }> {
  chat += 1;
  const { ticketId } = await service.settled(await service.publish(messageFrom(chat, 'My parcel is lost')));
  return { id: ticketId, chat, path: `/v1/tickets/${ticketId}` };
}
const read = async (path: string) => (await service.get<TicketJson>(path)).json;
const eventTypes = async (path: string) =>
  (await service.get<{ items: { type: string }[] }>(`${path}/events`)).json.items.map(({ type }) => type);

describe('an agent', () => {
  it('changes a ticket; the answer is the ticket, its history says who, and the event is published', async () => {
    const { id, path } = await newTicket();
    const wish = { assignee: 'ada', priority: 'high', tags: ['vip'] };
    const { status, headers, json } = await service.ask<TicketJson>('ada', 'PATCH', path, wish);
    expect([status, headers.get('etag')]).toEqual([200, '"6"']);
    expect(json).toMatchObject({ id, status: 'open', assignee: 'ada', priority: 'high', tags: ['vip'], version: 6 });
    const { items } = (await service.get<{ items: { type: string; data: object }[] }>(`${path}/events`)).json;
    expect(items.slice(2)).toMatchObject([
      { type: 'ticket-priority-changed', data: { by: 'ada', from: 'normal', to: 'high' } },
      { type: 'ticket-assigned', data: { by: 'ada', assignee: 'ada', team: null } },
      { type: 'ticket-status-changed', data: { by: 'ada', to: 'open', reason: 'assignment' } },
      { type: 'ticket-tags-changed', data: { by: 'ada', added: ['vip'] } },
    ]);
    await eventually(async () => {
      const records = await service.recordsOf(TOPICS.ticketEvents, ({ key }) => key === id);
      expect(records.map(({ headers: sent }) => sent[HEADERS.eventType])).toHaveLength(6);
    });
  });

  it('adds notes, which the history keeps under the name of who wrote them', async () => {
    const { path } = await newTicket();
    const added = await service.ask<TicketJson>('bob', 'POST', `${path}/notes`, { text: 'Called the carrier' });
    expect([added.status, added.json.notes]).toMatchObject([201, [{ by: 'bob', text: 'Called the carrier' }]]);
    expect((await read(path)).notes).toHaveLength(1);
  });

  it('who has not seen the last change is told so, and nothing is done', async () => {
    const { path } = await newTicket();
    const seen = { 'if-match': '"2"' };
    expect((await service.ask('ada', 'PATCH', path, { priority: 'low' }, seen)).status).toBe(200);
    const late = await service.ask('bob', 'PATCH', path, { priority: 'urgent' }, seen);
    expect([late.status, late.json['field'], late.headers.get('etag')]).toEqual([412, 'headers.if-match', '"3"']);
    expect(await read(path)).toMatchObject({ priority: 'low', version: 3 });
  });

  it('many at once: every wish is done, none twice', async () => {
    const { path } = await newTicket();
    const notes = Array.from({ length: 20 }, (_, number) => `note-${number}`);
    const answers = await Promise.all(
      notes.map((text, number) =>
        service.ask(number % 2 === 0 ? 'ada' : 'bob', 'POST', `${path}/notes`, { text }, { 'idempotency-key': text }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(notes.map(() => 201));
    expect((await read(path)).notes.map(({ text }) => text).sort()).toEqual([...notes].sort());
  });

  it('amid messages of the customer: all messages and all wishes are there', async () => {
    const { path, chat: customer } = await newTicket();
    const messages = Array.from({ length: 10 }, () => service.publish(messageFrom(customer)));
    const wishes = ['low', 'high', 'urgent'].map((priority) => service.ask('ada', 'PATCH', path, { priority }));
    expect((await Promise.all(wishes)).map(({ status }) => status)).toEqual([200, 200, 200]);
    for (const key of await Promise.all(messages)) await service.settled(key);
    expect(await read(path)).toMatchObject({ messageCount: 11, version: 15 });
  });
});

describe('a request that comes again under its key', () => {
  it('changes nothing more, also when both come at once', async () => {
    const { path } = await newTicket();
    const twice = [1, 2].map(() =>
      service.ask<TicketJson>('ada', 'POST', `${path}/notes`, { text: 'once' }, { 'idempotency-key': 'same' }),
    );
    expect((await Promise.all(twice)).map(({ status }) => status)).toEqual([201, 201]);
    expect((await read(path)).notes).toHaveLength(1);
    const others = await service.ask('bob', 'POST', `${path}/notes`, { text: 'once' }, { 'idempotency-key': 'same' });
    expect([others.status, (await read(path)).notes.length]).toEqual([201, 2]);
  });

  it('with other words is refused, and one that failed may be made again', async () => {
    const { path } = await newTicket();
    const key = { 'idempotency-key': 'k-1' };
    const snooze = { status: 'snoozed', snoozedUntil: '2020-01-01T00:00:00.000Z' };
    expect((await service.ask('ada', 'PATCH', path, snooze, key)).status).toBe(422);
    expect((await service.ask('ada', 'PATCH', path, { status: 'pending' }, key)).status).toBe(200);
    const other = await service.ask('ada', 'PATCH', path, { status: 'open' }, key);
    expect([other.status, other.json['field']]).toEqual([422, 'headers.idempotency-key']);
  });
});

describe('after a ticket is resolved', () => {
  it('the next message opens it again, and an edit does not', async () => {
    const { path, chat: customer, id } = await newTicket();
    await service.ask('ada', 'PATCH', path, { status: 'resolved' });
    const [first] = (await read(path)).messages;
    const message = {
      message_id: first?.messageId,
      date: 1_760_000_000,
      edit_date: 1_760_000_009,
      text: 'It is lost!',
    };
    const chatOf = { chat: { id: customer, type: 'private' }, from: { id: customer } };
    const edit = `tg1:7:edited_message:${customer}:${first?.messageId}:2`;
    await service.publish({ update_id: 2, edited_message: { ...message, ...chatOf } }, { key: edit });
    expect((await service.settled(edit)).outcome).toBe('message-edited');
    expect((await read(path)).status).toBe('resolved');
    const now = Math.floor(Date.now() / 1000);
    const key = await service.publish(messageFrom(customer, 'It is lost again', { date: now }));
    expect(await service.settled(key)).toMatchObject({ outcome: 'message-appended', ticketId: id });
    expect(await read(path)).toMatchObject({ status: 'open', resolvedAt: null });
  });

  it('and closed, the next message opens a new one that names it; the old one cannot be opened beside it', async () => {
    const { path, chat: customer, id } = await newTicket();
    await service.ask('ada', 'PATCH', path, { status: 'closed' });
    const { ticketId, outcome } = await service.settled(await service.publish(messageFrom(customer)));
    expect([outcome, ticketId === id]).toEqual(['ticket-opened', false]);
    expect((await read(`/v1/tickets/${ticketId}`)).previousTicketId).toBe(id);
    const reopened = await service.ask('ada', 'PATCH', path, { status: 'open' });
    expect([reopened.status, reopened.json['field']]).toEqual([409, 'body.status']);
    expect((await read(path)).status).toBe('closed');
  });
});

it('an album is one message, with the edits of its parts', async () => {
  const { path, chat: customer } = await newTicket();
  const part = (id: string, text?: string) =>
    messageFrom(customer, text, {
      media_group_id: 'a1',
      photo: [{ file_id: id, file_unique_id: id }],
      text: undefined,
      caption: text,
    });
  const [first, second] = [part('p1', 'Look'), part('p2')];
  // The second part comes first.
  await service.settled(await service.publish(second));
  await service.settled(await service.publish(first));
  const edit = { ...first.message, caption: 'Look here', edit_date: 1_760_000_100 };
  const key = `tg1:7:edited_message:${customer}:${first.message.message_id}:1`;
  await service.settled(await service.publish({ update_id: 1, edited_message: edit }, { key }));
  const { messages } = await read(path);
  expect(messages).toHaveLength(2);
  expect(messages[1]).toMatchObject({
    text: 'Look here',
    attachments: [{ fileId: 'p1' }, { fileId: 'p2' }],
    albumMessageIds: [first.message.message_id, second.message.message_id],
    edits: [{ text: 'Look here' }],
  });
});

describe('a wish that cannot be', () => {
  it.each([
    ['PATCH', '', {}, 400, 'body'],
    ['PATCH', '', { status: 'new' }, 400, 'body.status'],
    ['PATCH', '', { priority: 'extreme' }, 400, 'body.priority'],
    ['PATCH', '', { tags: [''] }, 400, 'body.tags.0'],
    ['PATCH', '', { assignee: '\u0000' }, 400, 'body.assignee'],
    ['PATCH', '', { owner: 'ada' }, 400, 'body'],
    ['PATCH', '', { status: 'snoozed' }, 422, 'body.snoozedUntil'],
    ['POST', '/notes', { text: '' }, 400, 'body.text'],
    ['POST', '/notes', {}, 400, 'body.text'],
  ])('%s %s %j is a problem that names the field', async (method, path, body, status, field) => {
    const ticket = await newTicket();
    const answer = await service.ask('ada', method, `${ticket.path}${path}`, body);
    expect([answer.status, answer.json['field']]).toEqual([status, field]);
    expect(answer.json['fix']).toBeTruthy();
    expect(await eventTypes(ticket.path)).toHaveLength(2);
  });

  it('for a ticket that is not there, or with headers that cannot be', async () => {
    const { path } = await newTicket();
    const wish = { status: 'open' };
    expect((await service.ask('ada', 'PATCH', '/v1/tickets/t_none', wish)).status).toBe(404);
    for (const headers of [{ 'if-match': '3' }, { 'if-match': '"x"' }]) {
      const answer = await service.ask('ada', 'PATCH', path, wish, headers);
      expect([answer.status, answer.json['field']]).toEqual([400, 'headers.if-match']);
    }
  });

  it('of somebody who may only look', async () => {
    const { path } = await newTicket();
    const headers = { authorization: 'Bearer secret' };
    expect((await service.ask('ada', 'PATCH', path, { status: 'open' }, headers)).status).toBe(403);
    expect((await service.ask('ada', 'POST', `${path}/notes`, { text: 'x' }, headers)).status).toBe(403);
  });
});

it('a rebuild from the events gives the same read models', async () => {
  const { withSession } = service.store;
  const ask = () => service.store.ask<object>('select * from ticketing.tickets order by ticket_id');
  const rows = await ask();
  const before = await readModelChecksum(withSession);
  await rebuildReadModels(withSession);
  expect(await ask()).toEqual(rows);
  expect(await readModelChecksum(withSession)).toBe(before);
});
