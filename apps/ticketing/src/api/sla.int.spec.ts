/** Promises are made, kept in versions, and explained; the queue shows what is due first. */
import { eventually } from '@onceline/testing';
import { messageFrom } from '../store/fixtures.spec.js';
import { TestService } from '../test-service.spec.js';

interface Figure {
  readonly figure: string;
  readonly state: string;
  readonly elapsedSeconds: number;
  readonly targetSeconds: number | null;
  readonly dueAt: string | null;
  readonly slaVersion: number;
}

let service: TestService;
beforeAll(async () => {
  service = await TestService.start();
}, 60_000);
afterAll(() => service.stop());

let bot = 800;
const newBot = () => String((bot += 1));
const now = Date.now();
/** Its customer wrote so many minutes ago. */
async function ticket(of: string, minutesAgo: number, chat = 9000): Promise<string> {
  const date = Math.floor(now / 1000) - minutesAgo * 60;
  return (await service.settled(await service.publish(messageFrom(chat, 'Hello', { date }), { bot: of }))).ticketId;
}
const promise = (of: string, sla: object, headers: Record<string, string> = {}) =>
  service.ask<{ version: number; sla: { appliesFrom: string } }>('admin', 'PUT', `/v1/bots/${of}/sla`, sla, headers);
const always = (minutes: object) => ({ targets: [minutes], appliesFrom: 'always' });
const figures = async (id: string) => (await service.get<{ items: Figure[] }>(`/v1/tickets/${id}/figures`)).json.items;

it('a promise has versions; the same one again makes none, and a stale writer is told so', async () => {
  const own = newBot();
  expect((await service.get<{ version: number }>(`/v1/bots/${own}/sla`)).json).toMatchObject({ version: 0 });
  const first = await promise(own, { targets: [{ firstResponseMinutes: 5 }] });
  expect(first).toMatchObject({ status: 200, json: { version: 1, madeBy: expect.stringContaining('admin') } });
  expect(Date.parse(first.json.sla.appliesFrom)).toBeGreaterThanOrEqual(now);
  expect((await promise(own, { targets: [{ firstResponseMinutes: 5 }] })).json.version).toBe(1);
  expect((await promise(own, { targets: [] }, { 'if-match': '"0"' })).status).toBe(412);
  expect((await promise(own, { targets: [] }, { 'if-match': '"1"' })).json.version).toBe(2);
  const versions = await service.get<{ items: { version: number }[] }>(`/v1/bots/${own}/sla/versions`);
  expect(versions.json.items.map(({ version }) => version)).toEqual([2, 1]);
});

it.each([
  [{ businessHours: { timeZone: 'Mars/Olympus', week: { monday: [{ from: '09:00', to: '17:00' }] } } }, 'timeZone'],
  [{ businessHours: { timeZone: 'Europe/Berlin', week: {} } }, 'week'],
  [{ businessHours: { timeZone: 'Europe/Berlin', week: { monday: [{ from: '17:00', to: '09:00' }] } } }, 'monday'],
  [{ targets: [{ firstResponseMinutes: 0 }] }, 'firstResponseMinutes'],
  [{ targets: [{ firstResponse: 3 }] }, 'targets'],
  [{ appliesFrom: '0000-01-01T00:00:00Z' }, 'appliesFrom'],
])('a wrong promise is refused, and the answer names the field: %j', async (sla, field) => {
  const answer = await service.ask<{ field: string }>('admin', 'PUT', `/v1/bots/${newBot()}/sla`, sla);
  expect(answer.status).toBe(400);
  expect(answer.json.field).toContain(field);
});

it('figures and their explanation name events, intervals and the rule; reports agree with them', async () => {
  const own = newBot();
  await promise(own, always({ firstResponseMinutes: 30, resolutionMinutes: 60 }));
  const id = await ticket(own, 50);
  expect(await figures(id)).toMatchObject([
    { figure: 'first-response', state: 'breached', targetSeconds: 1800, slaVersion: 1 },
    { figure: 'resolution', state: 'running', targetSeconds: 3600 },
  ]);
  await service.ask('ada', 'PATCH', `/v1/tickets/${id}`, { status: 'resolved' });
  const { json } = await service.get<{ figures: Figure[]; events: { type: string }[] }>(
    `/v1/tickets/${id}/explain/resolution`,
  );
  expect(json.events.map(({ type }) => type)).toEqual(['message-appended', 'ticket-status-changed']);
  expect(json.figures).toMatchObject([
    {
      ...{ state: 'met', slaVersion: 1, rule: 0, startedBy: 2 },
      intervals: [
        { standing: 'active', counts: true, why: 'all of it counts', version: 2 },
        { standing: 'ended', counts: false, why: 'the ticket had ended', countedSeconds: 0 },
      ],
    },
  ]);
  const elapsed = json.figures[0]?.elapsedSeconds;
  expect(elapsed).toBeGreaterThanOrEqual(3000);
  const period = `from=${new Date(now - 1000).toISOString()}&to=${new Date(now + 3_600_000).toISOString()}`;
  await eventually(async () => {
    const report = await service.get(`/v1/reports/sla?bot=${own}&by=agent&${period}`);
    expect(report.json).toEqual({
      items: [
        {
          ...{ group: null, figure: 'resolution', count: 1, withTarget: 1, met: 1, breached: 0, attainment: 1 },
          ...{ p50Seconds: elapsed, p90Seconds: elapsed, p99Seconds: elapsed },
        },
      ],
    });
  });
  expect((await service.get(`/v1/tickets/t_none/explain/resolution`)).status).toBe(404);
  expect((await service.get(`/v1/tickets/${id}/explain/mood`)).status).toBe(400);
});

const PERIOD = 'from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z';
it.each([
  [PERIOD, 200, undefined],
  [PERIOD.replace('00Z', `00.${'1'.repeat(200)}Z`), 200, undefined],
  [PERIOD.replace('2026', '0000'), 400, 'query.from'],
  [`${PERIOD}&timeZone=%2B05:30`, 400, 'query.timeZone'],
  [`${PERIOD}&timeZone=Mars/Olympus`, 400, 'query.timeZone'],
])('a report of %s is answered %i', async (query, status, field) => {
  const answer = await service.get<{ field?: string }>(`/v1/reports/sla?by=day&${query}`);
  expect([answer.status, answer.json.field]).toEqual([status, field]);
});

it('a report has days in each time zone that there is', async () => {
  const own = newBot();
  const id = await ticket(own, 50);
  await service.ask('ada', 'PATCH', `/v1/tickets/${id}`, { status: 'resolved' });
  const [from, to] = [-1, 1].map((days) => new Date(Date.now() + days * 86_400_000).toISOString());
  const days = (timeZone: string) =>
    service.get<{ items: object[] }>(
      `/v1/reports/sla?by=day&from=${from}&to=${to}&bot=${own}&timeZone=${encodeURIComponent(timeZone)}`,
    );
  await eventually(async () => expect((await days('UTC')).json.items).toHaveLength(1));
  for (const timeZone of Intl.supportedValuesOf('timeZone')) {
    const { status, json } = await days(timeZone);
    expect([timeZone, status, json.items?.length]).toEqual([timeZone, 200, 1]);
  }
});

it('a breach is among the events of the ticket within seconds', async () => {
  const own = newBot();
  await promise(own, always({ firstResponseMinutes: 30 }));
  const id = await ticket(own, 40);
  const types = async () =>
    (await service.get<{ items: { type: string }[] }>(`/v1/tickets/${id}/events`)).json.items.map(({ type }) => type);
  await eventually(async () => {
    expect(await types()).toEqual(['ticket-opened', 'message-appended', 'sla-breached']);
  });
});

it('the queue by what is due: first what is due first, last what is due at no time, page by page; and the next one likewise', async () => {
  const own = newBot();
  await promise(own, {
    appliesFrom: 'always',
    targets: [{ priority: 'urgent', firstResponseMinutes: 600 }, { priority: 'low' }, { firstResponseMinutes: 60 }],
  });
  const ids = [];
  for (const [index, minutesAgo] of [50, 10, 30, 20].entries()) ids.push(await ticket(own, minutesAgo, 9100 + index));
  const [a, b, c, d] = ids;
  await service.ask('ada', 'PATCH', `/v1/tickets/${c}`, { priority: 'urgent' });
  await service.ask('ada', 'PATCH', `/v1/tickets/${d}`, { priority: 'low' });
  const pages = async () => {
    const seen: { id: string; dueAt: string | null }[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = `bot=${own}&sort=due&limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`;
      const { json } = await service.get<{ items: typeof seen; nextCursor: string | null }>(`/v1/queue?${query}`);
      seen.push(...json.items);
      cursor = json.nextCursor;
    }
    return seen;
  };
  await eventually(async () => {
    const seen = await pages();
    expect(seen.map(({ id }) => id)).toEqual([a, b, c, d]);
    expect(seen.map(({ dueAt }) => dueAt === null)).toEqual([false, false, false, true]);
  });
  const taken = [];
  for (let count = 0; count < 4; count += 1) {
    const next = await service.ask<{ id: string }>('bob', 'POST', '/v1/queue/next', { bot: own, sort: 'due' });
    taken.push(next.json.id);
  }
  expect(taken).toEqual([a, b, c, d]);
});
