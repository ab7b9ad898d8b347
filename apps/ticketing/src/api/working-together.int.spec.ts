/** What agents say of tickets for each other: who wants to hear of one, what the bot's own fields hold, and what tickets have to do with each other. */
import { eventually } from '@onceline/testing';
import { messageFrom } from '../store/fixtures.spec.js';
import { readModelChecksum, rebuildReadModels } from '../store/rebuild-read-models.js';
import { TestService } from '../test-service.spec.js';

interface TicketJson {
  readonly id: string;
  readonly version: number;
  readonly watchers: string[];
  readonly fields: Record<string, unknown>;
  readonly links: object[];
}

let service: TestService;
beforeAll(async () => {
  service = await TestService.start();
}, 60_000);
afterAll(() => service.stop());

let chat = 17_000;
async function newTicket(): Promise<{ id: string; path: string }> {
  chat += 1;
  const { ticketId } = await service.settled(await service.publish(messageFrom(chat, 'My parcel is lost')));
  return { id: ticketId, path: `/v1/tickets/${ticketId}` };
}
const change = (path: string, changes: object) =>
  service.ask<TicketJson & Record<string, unknown>>('ada', 'PATCH', path, changes);

describe('watchers', () => {
  it('are all that the last change named, and tickets are found by each of them', async () => {
    const [{ id, path }, other] = [await newTicket(), await newTicket()];
    await change(path, { watchers: ['mia', 'kim'] });
    const { json } = await change(path, { watchers: ['lea', 'kim'] });
    expect([json.watchers, json.version]).toEqual([['kim', 'lea'], 4]);
    await change(other.path, { watchers: ['mia'] });
    const watchedBy = async (watcher: string) =>
      (await service.get<{ items: TicketJson[] }>(`/v1/tickets?watcher=${watcher}`)).json.items.map(
        (found) => found.id,
      );
    expect(await watchedBy('kim')).toEqual([id]);
    expect(await watchedBy('mia')).toEqual([other.id]);
    expect(await watchedBy('nobody')).toEqual([]);
  });

  it('are names of agents', async () => {
    const { path } = await newTicket();
    const { status, json } = await change(path, { watchers: ['ada', ''] });
    expect([status, json['field']]).toEqual([400, 'body.watchers.1']);
  });
});

describe('custom fields', () => {
  const define = async (fields: object, probe: { path: string; ok: object }) => {
    await service.admin('PUT', '/v1/bots/7/policy', { fields });
    // Policies are read every two seconds.
    await eventually(async () => expect((await change(probe.path, { fields: probe.ok })).status).toBe(200));
  };

  it('hold values of their types, and stay readable when the type changes', async () => {
    const { path } = await newTicket();
    const reason = { type: 'choice', choices: ['lost', 'broken'] };
    await define({ order: { type: 'text' }, amount: { type: 'number' }, reason }, { path, ok: { order: 'A-1' } });
    const { json } = await change(path, { fields: { amount: 12.5, reason: 'lost' } });
    expect(json.fields).toEqual({ order: 'A-1', amount: 12.5, reason: 'lost' });
    expect((await change(path, { fields: { reason: null } })).json.fields).toEqual({ order: 'A-1', amount: 12.5 });
    await define({ order: { type: 'number' } }, { path, ok: { order: 7 } });
    expect((await service.get<TicketJson>(path)).json.fields).toEqual({ order: 7, amount: 12.5 });
    const { items } = (await service.get<{ items: object[] }>(`${path}/events`)).json;
    expect(items.at(-1)).toMatchObject({
      ...{ type: 'ticket-fields-changed' },
      data: { by: 'ada', changed: [{ name: 'order', from: 'A-1', to: 7 }] },
    });
  });

  it('are what tickets and the queue are found by, whatever the type was when the value was stored', async () => {
    const [text, number, both] = [await newTicket(), await newTicket(), await newTicket()];
    await define({ order: { type: 'text' }, paid: { type: 'boolean' } }, { path: text.path, ok: { order: '77' } });
    await change(both.path, { fields: { order: '78' } });
    await change(text.path, { fields: { paid: true } });
    await define({ order: { type: 'number' }, paid: { type: 'boolean' } }, { path: number.path, ok: { order: 77 } });
    await change(both.path, { fields: { order: 77, paid: true } });
    const found = async (list: string, ...fields: string[]) => {
      const query = fields.map((field) => `field=${encodeURIComponent(field)}`).join('&');
      const { json } = await service.get<{ items: TicketJson[] }>(`/v1/${list}?${query}`);
      return json.items.map(({ id }) => id).sort();
    };
    const ids = (...all: { id: string }[]) => all.map(({ id }) => id).sort();
    expect(await found('tickets', 'order:77')).toEqual(ids(text, number, both));
    expect(await found('queue', 'order:77', 'paid:true')).toEqual(ids(text, both));
    expect(await found('tickets', 'order:78')).toEqual([]);
    expect(await found('tickets', 'colour:red')).toEqual([]);
    const next = await service.ask<TicketJson>('ada', 'POST', '/v1/queue/next', { field: ['order:77', 'paid:true'] });
    expect(ids(text, both)).toContain(next.json.id);
    const lines = await fetch(`${service.url}/v1/exports/tickets?field=order:77&field=paid:true`, {
      headers: { authorization: 'Bearer secret' },
    });
    expect((await lines.text()).trim().split('\n')).toHaveLength(2);
  });

  it.each([
    ['field=order', 'query.field'],
    ['field=Order:1', 'query.field'],
    ['field=order:', 'query.field'],
    ['field=order:%00', 'query.field'],
    ['field=order:1&field=x', 'query.field.1'],
    [Array(11).fill('field=order:1').join('&'), 'query.field'],
  ])('%s is no filter', async (query, field) => {
    const { status, json } = await service.get(`/v1/tickets?${query}`);
    expect([status, json['field']]).toEqual([400, field]);
  });

  it.each([
    [{ order: 'x' }, 422, 'body.fields.order'],
    [{ colour: 'red' }, 422, 'body.fields.colour'],
    [{ order: [] }, 400, 'body.fields.order'],
    [{ order: 'x\u0000' }, 400, 'body.fields.order'],
  ])('%j is a problem that names the field', async (fields, status, field) => {
    const { path } = await newTicket();
    const answer = await change(path, { fields });
    expect([answer.status, answer.json['field']]).toEqual([status, field]);
    expect(answer.json['fix']).toBeTruthy();
  });

  it.each([
    [{ Order: { type: 'text' } }, 'body.fields.Order'],
    [{ order: { type: 'money' } }, 'body.fields.order.type'],
    [{ order: { type: 'choice' } }, 'body.fields.order.choices'],
    [{ order: { type: 'choice', choices: ['a', 'a'] } }, 'body.fields.order.choices'],
    [{ order: { type: 'text', choices: ['a'] } }, 'body.fields.order'],
  ])('cannot be defined as %j', async (fields, field) => {
    const answer = await service.admin('PUT', '/v1/bots/7/policy', { fields });
    expect([answer.status, answer.json['field']]).toEqual([400, field]);
  });
});

describe('links', () => {
  const link = (path: string, body: object) =>
    service.ask<TicketJson & Record<string, unknown>>('ada', 'POST', `${path}/links`, body);
  const unlink = (path: string, other: string) =>
    service.ask<TicketJson & Record<string, unknown>>('ada', 'DELETE', `${path}/links/${other}`);
  const linksOf = async (path: string) => (await service.get<TicketJson>(path)).json.links;

  it('are in both tickets, each from its side, until one of them removes it', async () => {
    const [one, other] = [await newTicket(), await newTicket()];
    const { status, json, headers } = await link(one.path, { ticketId: other.id, kind: 'duplicates' });
    expect([status, headers.get('etag'), json.links]).toEqual([
      ...[201, '"3"', [{ ticketId: other.id, kind: 'duplicates' }]],
    ]);
    expect(await linksOf(other.path)).toEqual([{ ticketId: one.id, kind: 'duplicated-by' }]);
    const removed = await unlink(other.path, one.id);
    expect([removed.status, removed.json.links, await linksOf(one.path)]).toEqual([200, [], []]);
    expect((await unlink(other.path, one.id)).json.version).toBe(removed.json.version);
  });

  it('cannot be with itself, with nothing, of no kind, or of who has not seen the last change', async () => {
    const [one, other] = [await newTicket(), await newTicket()];
    const problemOf = async (body: object) => {
      const { status, json } = await link(one.path, body);
      return [status, json['field']];
    };
    expect(await problemOf({ ticketId: one.id, kind: 'blocks' })).toEqual([422, 'body.ticketId']);
    expect(await problemOf({ ticketId: 't_none', kind: 'blocks' })).toEqual([422, 'body.ticketId']);
    expect(await problemOf({ ticketId: other.id, kind: 'likes' })).toEqual([400, 'body.kind']);
    expect((await link('/v1/tickets/t_none', { ticketId: other.id, kind: 'blocks' })).status).toBe(404);
    const { status, json } = await unlink(one.path, 't_none');
    expect([status, json['field']]).toEqual([422, 'params.ticketId']);
    const body = { ticketId: other.id, kind: 'blocks' };
    const late = await service.ask('ada', 'POST', `${one.path}/links`, body, { 'if-match': '"1"' });
    expect([late.status, await linksOf(one.path), await linksOf(other.path)]).toEqual([412, [], []]);
  });
});

it('a rebuild from the events gives the same read models', async () => {
  const { withSession } = service.store;
  const before = await readModelChecksum(withSession);
  await rebuildReadModels(withSession);
  expect(await readModelChecksum(withSession)).toBe(before);
});
