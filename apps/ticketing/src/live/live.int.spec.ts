/** Each event once and in order, whoever comes when, at the price of one reader; and nothing kept for who does not read. */
import { eventually } from '@onceline/testing';
import type { Readable } from 'node:stream';
import { Live, type LiveOptions } from '../api/live.js';
import { OpenStreams } from '../api/open-streams.js';
import { countingRoundTrips, withOwnStore, type TestStore } from '../store/fixtures.spec.js';
import { EventSource } from './event-source.spec.js';
import { decodePosition } from './position.js';

let store: TestStore;
withOwnStore((own) => (store = own));

const streams: OpenStreams[] = [];
afterEach(() => streams.splice(0).forEach((open) => open.end()));

function liveOn(changes: Partial<LiveOptions> = {}): Live {
  const open = new OpenStreams();
  streams.push(open);
  return new Live({ withSession: store.withSession, streams: open, onFailure: () => undefined, ...changes });
}

const WRITE = `insert into ticketing.events (ticket_id, version, type, event_id, idempotency_key, payload)
  select $1, n, 'message-appended', $1 || '-' || n, 'k', '{"occurredAt":"2026-01-01T00:00:00.000Z","data":{"text":"private"}}'
    from generate_series($2::int, $3::int) as n`;
/** Events of one ticket, in a transaction of their own. */
const write = (ticket: string, first: number, last = first) => store.ask(WRITE, [ticket, first, last]);

const BEGINNING = { field: 'query.after', position: { txId: 0n, id: 0n } };
const known = (id: string) => {
  const position = decodePosition(id);
  if (position === undefined) throw new Error(`${id} is no position`);
  return { field: 'query.after', position };
};
const follow = async (live: Live, ...args: Parameters<Live['open']>) => new EventSource(await live.open(...args));
const versions = (count: number, first = 1) => Array.from({ length: count }, (_, index) => first + index);
const heardOf = (source: EventSource, ticket: string) =>
  source.heard.filter(([id]) => id === ticket).map(([, version]) => version);

it('what is committed after the stream was opened, and nothing of before', async () => {
  await write('t1', 1, 3);
  const source = await follow(liveOn(), {});
  await write('t1', 4, 5);
  await eventually(() => expect(heardOf(source, 't1')).toEqual([4, 5]));
  expect(source.events[0]).toEqual({
    id: expect.any(String) as string,
    event: 'message-appended',
    data: {
      ...{ eventId: 't1-4', ticketId: 't1', version: 4, type: 'message-appended' },
      ...{ occurredAt: '2026-01-01T00:00:00.000Z', botId: null, conversation: null },
    },
  });
});

it('goes on behind what is known, also where nothing was told yet', async () => {
  const live = liveOn();
  const silent = await follow(live, {});
  await eventually(() => expect(silent.lastEventId).not.toBe(''));
  await write('t1', 1, 4);
  const again = await follow(live, {}, known(silent.lastEventId));
  await eventually(() => expect(heardOf(again, 't1')).toEqual([1, 2, 3, 4]));
  const rest = await follow(live, {}, known(again.events[1]?.id ?? ''));
  await eventually(() => expect(heardOf(rest, 't1')).toEqual([3, 4]));
});

it('skips nothing of a transaction that began first and ends last', async () => {
  const source = await follow(liveOn(), {});
  await store.withSession(async (session) => {
    await session.command('begin');
    await session.query({ text: WRITE }, ['slow', 1, 1]);
    await write('quick', 1);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(source.heard).toEqual([]);
    await session.command('commit');
  });
  await eventually(() =>
    expect(source.heard).toEqual([
      ['slow', 1],
      ['quick', 1],
    ]),
  );
});

it('tells everybody the same, from wherever he comes and while more happens', async () => {
  const live = liveOn();
  await write('t1', 1, 3000);
  let isOver = false;
  const writing = (async () => {
    for (let version = 3001; !isOver; version += 7) await write('t1', version, version + 6);
  })();
  const sources = [await follow(live, {}, BEGINNING)];
  for (let come = 0; come < 5; come += 1) {
    const first = sources[0] as EventSource;
    await eventually(() => expect(first.events.length).toBeGreaterThan(come * 500));
    const id = first.events[come * 400]?.id ?? '';
    sources.push(await follow(live, {}, known(id)), await follow(live, {}));
  }
  isOver = true;
  await writing;
  const [{ last = 0 } = {}] = await store.ask<{ last: number }>('select max(version) as last from ticketing.events');
  for (const source of sources) {
    await eventually(() => expect(heardOf(source, 't1').at(-1)).toBe(last));
    const heard = heardOf(source, 't1');
    expect(heard).toEqual(versions(heard.length, heard[0]));
  }
  expect(sources.map((source) => heardOf(source, 't1')[0]).filter((version) => version === 1)).toHaveLength(1);
}, 60_000);

it('only what was asked for', async () => {
  await store.ask(
    `insert into ticketing.tickets (ticket_id, bot_id, chat_id, conversation, status, version, message_count, opened_at, updated_at)
       select 't' || n, n::text, '42', n || ':42', 'closed', 1, 1, now(), now() from generate_series(1, 3) as n`,
  );
  const live = liveOn();
  const [ofBot, ofTicket, ofBoth] = [
    await follow(live, { bot: '2' }),
    await follow(live, { ticket: 't3' }),
    await follow(live, { bot: '2', ticket: 't3' }),
  ];
  for (const ticket of ['t1', 't2', 't3']) await write(ticket, 1);
  await eventually(() => expect([ofBot.heard, ofTicket.heard]).toEqual([[['t2', 1]], [['t3', 1]]]));
  expect(ofBot.events[0]?.data).toMatchObject({ botId: '2', conversation: '2:42' });
  expect(ofBoth.heard).toEqual([]);
});

it('asks the database no more for many who follow than for one, and not at all for nobody', async () => {
  const counting = countingRoundTrips(store.withSession);
  const open = new OpenStreams();
  const live = liveOn({ withSession: counting.withSession, streams: open });
  const sources = await Promise.all(Array.from({ length: 40 }, () => follow(live, {})));
  await write('t1', 1);
  for (const source of sources) await eventually(() => expect(source.heard).toEqual([['t1', 1]]));
  expect(counting.count()).toBeLessThan(sources.length / 2);
  open.end();
  await live.stop();
  const asked = counting.count();
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(counting.count()).toBe(asked);
});

it('gives signs of life with the position, also to who hears nothing of what happens', async () => {
  const source = await follow(liveOn({ heartbeatMs: 100 }), { ticket: 'another' });
  await eventually(() => expect(source.comments.length).toBeGreaterThan(1));
  const before = source.lastEventId;
  await write('t1', 1, 3);
  await eventually(() => expect(source.lastEventId).not.toBe(before));
  const again = await follow(liveOn(), {}, known(source.lastEventId));
  await write('t1', 4);
  await eventually(() => expect(again.heard).toEqual([['t1', 4]]));
});

/** Somebody who is connected and takes nothing. */
function opened(stream: Readable): Promise<Error> {
  stream.once('readable', () => undefined);
  return new Promise((resolve) => stream.once('error', resolve));
}

it('reads nothing ahead for who does not read, and ends him', async () => {
  await write('t1', 1, 20_000);
  const counting = countingRoundTrips(store.withSession);
  const live = liveOn({ withSession: counting.withSession, stalledMs: 500 });
  const stream = await live.open({}, BEGINNING);
  const ended = opened(stream);
  await eventually(() => expect(stream.readableLength).toBeGreaterThan(16_384));
  const held = stream.readableLength;
  // A page and what was there before: 20,000 events are some forty of them.
  expect(held).toBeLessThan(300_000);
  expect(await ended).toEqual(new Error('The reader takes nothing.'));
  expect([stream.readableLength <= held, stream.destroyed]).toEqual([true, true]);
  await live.stop();
  expect(counting.count()).toBeLessThan(20);
});

it('ends at once, whatever it waits for, when the service stops', async () => {
  const open = new OpenStreams();
  const live = liveOn({ streams: open });
  const stream = await live.open({});
  const ended = opened(stream);
  await eventually(() => expect(stream.readableLength).toBeGreaterThan(0));
  const started = performance.now();
  open.end();
  expect(await ended).toEqual(new Error('The service stops.'));
  await live.stop();
  expect(performance.now() - started).toBeLessThan(5000);
  await expect(live.open({})).rejects.toMatchObject({ status: 503 });
});

it('goes on where it was after the database was away, and whoever comes meanwhile is told so', async () => {
  const failures: unknown[] = [];
  let isAway = false;
  const away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  const withSession: TestStore['withSession'] = (work) =>
    isAway ? Promise.reject(away) : store.withSession((session) => work(session));
  const live = liveOn({ withSession, onFailure: (error) => failures.push(error) });
  const source = await follow(live, {});
  isAway = true;
  await write('t1', 1);
  await eventually(() => expect(failures).toContain(away));
  expect(source.heard).toEqual([]);
  await expect(liveOn({ withSession }).open({})).rejects.toMatchObject({ status: 503 });
  isAway = false;
  await eventually(() => expect(source.heard).toEqual([['t1', 1]]));
});

it('refuses what no event has yet, but not what another instance has told already', async () => {
  const live = liveOn();
  await follow(live, {});
  const ahead = await follow(liveOn(), {});
  await write('t1', 1, 2);
  await eventually(() => expect(ahead.heard).toHaveLength(2));
  await follow(live, {}, known(ahead.lastEventId));
  const future = { field: 'query.after', position: { txId: 2n ** 62n, id: 1n } };
  await expect(live.open({}, future)).rejects.toMatchObject({ status: 400, details: { field: 'query.after' } });
});
