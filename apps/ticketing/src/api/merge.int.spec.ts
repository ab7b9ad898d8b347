/** Two tickets become one: both histories stay, the customer goes on in one of them, and its times are those of both. */
import { messageFrom } from '../store/fixtures.spec.js';
import { readModelChecksum, rebuildReadModels } from '../store/rebuild-read-models.js';
import { TestService } from '../test-service.spec.js';

interface TicketJson {
  readonly id: string;
  readonly status: string;
  readonly mergedInto: string | null;
  readonly mergedFrom: string[];
  readonly previousTicketId: string | null;
  readonly askedAt: string;
  readonly waitingSince: string | null;
  readonly messages: { ticketId: string; chatId: string; text: string; edits: object[] }[];
}

let service: TestService;
beforeAll(async () => {
  service = await TestService.start();
}, 60_000);
afterAll(() => service.stop());

const NOW_S = Math.floor(Date.now() / 1000);
const DAY_S = 86_400;
const iso = (seconds: number) => new Date(seconds * 1000).toISOString();
let chat = 27_000;

interface NewTicket {
  readonly id: string;
  readonly chat: number;
  readonly path: string;
  readonly messageId: number;
}
/** Of a customer who wrote so many seconds ago. */
async function newTicket(text: string, ago: number): Promise<NewTicket> {
  chat += 1;
  const update = messageFrom(chat, text, { date: NOW_S - ago });
  const { ticketId } = await service.settled(await service.publish(update));
  return { id: ticketId, chat, path: `/v1/tickets/${ticketId}`, messageId: update.message.message_id };
}
const writes = async (customer: number, text: string, date = NOW_S) => {
  const { outcome, ticketId } = await service.settled(await service.publish(messageFrom(customer, text, { date })));
  return { outcome, ticketId };
};
const read = async (path: string) => (await service.get<TicketJson>(path)).json;
const merge = (from: { path: string }, into: { id: string }, headers = {}) =>
  service.ask<TicketJson & Record<string, unknown>>('ada', 'POST', `${from.path}/merge`, { into: into.id }, headers);
const setStatus = (path: string, status: string) => service.ask('ada', 'PATCH', path, { status });

async function mergedPair() {
  const [source, target] = [await newTicket('in private', 300), await newTicket('in public', 200)];
  expect((await merge(source, target)).status).toBe(200);
  return { source, target };
}

it('the source names the target, which has the times of both and shows all messages in the order of time', async () => {
  const { source, target } = await mergedPair();
  expect(await writes(source.chat, 'hello?', NOW_S - 100)).toEqual({
    outcome: 'message-appended',
    ticketId: target.id,
  });
  await writes(target.chat, 'and here', NOW_S - 150);
  expect(await read(source.path)).toMatchObject({ status: 'closed', mergedInto: target.id, waitingSince: null });
  const ticket = await read(target.path);
  expect(ticket).toMatchObject({ status: 'new', mergedFrom: [source.id], askedAt: iso(NOW_S - 300) });
  expect(ticket.waitingSince).toBe(iso(NOW_S - 300));
  expect(ticket.messages.map(({ text, ticketId, chatId }) => [text, ticketId, chatId])).toEqual([
    ['in private', source.id, String(source.chat)],
    ['in public', target.id, String(target.chat)],
    ['and here', target.id, String(target.chat)],
    ['hello?', target.id, String(source.chat)],
  ]);
  const { items } = (await service.get<{ items: { type: string }[] }>(`${source.path}/events`)).json;
  expect(items.map(({ type }) => type)).toEqual([
    ...['ticket-opened', 'message-appended', 'ticket-merged', 'ticket-status-changed'],
  ]);
});

it('an edit stays with its message, and who reads the target again sees it', async () => {
  const { source, target } = await mergedPair();
  const etag = (await service.get(target.path)).headers.get('etag') ?? '';
  const key = `tg1:7:edited_message:${source.chat}:${source.messageId}:3`;
  const edited = { message_id: source.messageId, date: NOW_S - 300, edit_date: NOW_S, text: 'in private!' };
  const of = { chat: { id: source.chat, type: 'private' }, from: { id: source.chat } };
  await service.publish({ update_id: 3, edited_message: { ...edited, ...of } }, { key });
  expect(await service.settled(key)).toMatchObject({ outcome: 'message-edited', ticketId: source.id });
  const again = await service.get<TicketJson>(target.path, { 'if-none-match': etag });
  expect([again.status, again.json.messages[0]?.text]).toEqual([200, 'in private!']);
  expect(again.json.messages.map(({ edits }) => edits.length)).toEqual([1, 0]);
  expect((await read(source.path)).status).toBe('closed');
});

describe('after the target has ended, a message of the source', () => {
  it('reopens it within the window', async () => {
    const { source, target } = await mergedPair();
    await setStatus(target.path, 'resolved');
    expect(await writes(source.chat, 'still lost')).toEqual({ outcome: 'message-appended', ticketId: target.id });
    expect((await read(target.path)).status).toBe('open');
  });

  it('opens a new ticket later, which names the target; with that the conversation goes on', async () => {
    const { source, target } = await mergedPair();
    await setStatus(target.path, 'closed');
    const { outcome, ticketId } = await writes(source.chat, 'something else');
    expect([outcome, (await read(`/v1/tickets/${ticketId}`)).previousTicketId]).toEqual(['ticket-opened', target.id]);
    expect(await writes(source.chat, 'hello?')).toEqual({ outcome: 'message-appended', ticketId });
  });

  it('opens a new one where the target cannot be reopened, as another one of its conversation is active', async () => {
    const { source, target } = await mergedPair();
    await setStatus(target.path, 'resolved');
    const next = await writes(target.chat, 'next week', NOW_S + 7 * DAY_S);
    expect(next.outcome).toBe('ticket-opened');
    const { outcome, ticketId } = await writes(source.chat, 'still lost');
    expect([outcome, [next.ticketId, target.id, source.id].includes(ticketId)]).toEqual(['ticket-opened', false]);
    expect((await read(`/v1/tickets/${ticketId}`)).previousTicketId).toBe(source.id);
  });
});

it('a repeat changes nothing, under its key and without', async () => {
  const [source, target] = [await newTicket('one', 9), await newTicket('two', 8)];
  const key = { 'idempotency-key': 'merge-once' };
  const answers = [await merge(source, target, key), await merge(source, target, key), await merge(source, target)];
  expect(answers.map(({ status, headers }) => [status, headers.get('etag')])).toEqual([
    ...[
      [200, '"4"'],
      [200, '"4"'],
      [200, '"4"'],
    ],
  ]);
  expect((await read(target.path)).mergedFrom).toEqual([source.id]);
});

it('what cannot be is a problem that names the field and the way out', async () => {
  const { source, target } = await mergedPair();
  const [other, ended] = [await newTicket('other', 5), await newTicket('ended', 5)];
  await setStatus(ended.path, 'closed');
  const problemOf = async (from: { path: string }, into: { id: string }) => {
    const { status, json } = await merge(from, into);
    expect(json['fix']).toBeTruthy();
    return [status, json['field']];
  };
  expect(await problemOf(other, other)).toEqual([422, 'body.into']);
  expect(await problemOf(other, { id: 't_none' })).toEqual([422, 'body.into']);
  expect(await problemOf(other, source)).toEqual([409, 'body.into']);
  expect(await problemOf(other, ended)).toEqual([409, 'body.into']);
  expect(await problemOf(source, other)).toEqual([409, 'params.id']);
  expect(await problemOf(target, other)).toEqual([409, 'params.id']);
  expect((await merge({ path: '/v1/tickets/t_none' }, other)).status).toBe(404);
  expect((await merge(other, target, { 'if-match': '"1"' })).status).toBe(412);
  const reopened = await service.ask('ada', 'PATCH', source.path, { status: 'open' });
  expect([reopened.status, reopened.json['field']]).toEqual([422, 'body.status']);
  const key = await service.publish(messageFrom(27_999), { bot: '8' });
  expect(await problemOf(other, { id: (await service.settled(key)).ticketId })).toEqual([422, 'body.into']);
});

it('a rebuild from the events gives the same read models', async () => {
  const { withSession } = service.store;
  const before = await readModelChecksum(withSession);
  await rebuildReadModels(withSession);
  expect(await readModelChecksum(withSession)).toBe(before);
});
