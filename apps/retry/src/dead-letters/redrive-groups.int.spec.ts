import { eventually } from '@onceline/testing';
import { TestRetry, type Progress } from '../test-service.spec.js';
import { redriveBodySchema } from './schemas.js';
import { SendRedrives, type SendOptions } from './send-redrives.js';
import { startRedrive } from './start-redrive.js';

let retry: TestRetry;
beforeAll(async () => {
  retry = await TestRetry.start();
}, 60_000);
afterAll(() => retry.stop());
beforeEach(() => {
  retry.ticketing.failsAgain = () => false;
  retry.ticketing.refusals = [];
});

describe('a group', () => {
  it('goes out as 1, 10 and the rest when the canaries live, each record once and not above the rate', async () => {
    const { keys, fingerprint } = await retry.buryGroup('healthy', 40);
    const began = Date.now();
    const { json } = await retry.post<Progress>('/v1/redrives', { fingerprint, reason: 'mended', rate: 40 });
    const ended = await retry.ended(json.id);
    const seconds = (Date.now() - began) / 1000;
    expect(ended).toMatchObject({
      counts: { redriven: 40, waiting: 0 },
      stages: [
        { stage: 0, redriven: 1 },
        { stage: 1, redriven: 10 },
        { stage: 2, redriven: 29 },
      ],
    });
    // 8 records go in a burst, and the first burst needs no waiting.
    expect(seconds).toBeGreaterThanOrEqual((29 - 8) / 40);
    expect(
      retry.ticketing
        .receivedOf('healthy')
        .map(({ headers }) => headers['idempotency-key'])
        .sort(),
    ).toEqual(keys);
    expect(new Set(Object.values(await retry.statuses(keys)))).toEqual(new Set(['redriven']));
  });

  it('stops after the first canary when the cause returns, and leaves the rest open', async () => {
    retry.ticketing.failsAgain = () => true;
    const { keys, fingerprint } = await retry.buryGroup('sick', 30);
    const { json } = await retry.post<Progress>('/v1/redrives', { fingerprint, reason: 'hope' });
    const ended = await retry.ended(json.id, 'stopped');
    expect(ended).toMatchObject({
      note: 'canary stage 1: 1 of 1 failed again, another cause; the rest stays open',
      counts: { failedAgain: 1, released: 29, waiting: 0 },
    });
    expect(retry.ticketing.receivedOf('sick')).toHaveLength(1);
    const statuses = Object.values(await retry.statuses(keys));
    expect(statuses.filter((status) => status === 'open')).toHaveLength(29);
    const trail = await retry.get<{ items: { action: string; actor: string }[] }>('/v1/audit-trail?limit=1');
    expect(trail.json.items).toMatchObject([{ action: 'stop', actor: 'retry', deadLetterCount: 29 }]);
  });

  it('stops in the second canary, too, and says that it is the same cause', async () => {
    const { fingerprint, keys } = await retry.buryGroup('relapse', 30);
    retry.ticketing.failureCode = 'relapse';
    retry.ticketing.failsAgain = (key) => key === keys[5];
    const { json } = await retry.post<Progress>('/v1/redrives', { fingerprint, reason: 'hope', canary: [1, 10] });
    const ended = await retry.ended(json.id, 'stopped');
    expect(ended.note).toBe('canary stage 2: 1 of 11 failed again, the same cause; the rest stays open');
    expect(ended.counts).toMatchObject({ redriven: 10, failedAgain: 1, released: 19 });
  });

  it('without canaries goes on past failures', async () => {
    const { fingerprint } = await retry.buryGroup('mixed', 30);
    retry.ticketing.failsAgain = (key) => key.endsWith('0');
    const { json } = await retry.post<Progress>('/v1/redrives', { fingerprint, reason: 'all', canary: [], rate: 500 });
    expect(await retry.ended(json.id)).toMatchObject({ counts: { redriven: 27, failedAgain: 3, waiting: 0 } });
  });

  it('asked for by two operators at once goes out once, each record under one of them', async () => {
    const { keys, fingerprint } = await retry.buryGroup('twice', 60);
    const second = await retry.startInstance();
    const orders = [
      retry.post<Progress>('/v1/redrives', { fingerprint, reason: 'first', canary: [], rate: 1000 }),
      retry.post<Progress>(
        '/v1/redrives',
        { fingerprint, reason: 'second', canary: [], rate: 1000 },
        { url: second.url },
      ),
    ];
    const answers = await Promise.all(orders);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
    const started = answers.find(({ status }) => status === 202);
    expect(await retry.ended(started?.json.id ?? '')).toMatchObject({ counts: { redriven: 60 } });
    expect(
      retry.ticketing
        .receivedOf('twice')
        .map(({ headers }) => headers['idempotency-key'])
        .sort(),
    ).toEqual(keys);
    await second.stop();
  });

  it('that overlaps another gets what that one left', async () => {
    const { keys, fingerprint } = await retry.buryGroup('overlap', 20);
    const ids = await Promise.all(keys.slice(0, 12).map((key) => retry.idOf(key)));
    const [byIds, byGroup] = await Promise.all([
      retry.post<Progress>('/v1/redrives', { ids, reason: 'twelve', canary: [] }),
      retry.post<Progress>('/v1/redrives', { fingerprint, reason: 'all of them', canary: [] }),
    ]);
    const selected = [byIds, byGroup].map(({ status, json }) => (status === 202 ? json.selected : 0));
    expect(selected[0]! + selected[1]!).toBe(20);
    for (const { status, json } of [byIds, byGroup]) if (status === 202) await retry.ended(json.id);
    expect(retry.ticketing.receivedOf('overlap')).toHaveLength(20);
  });

  it('can be cancelled: what is left is open again', async () => {
    const { keys, fingerprint } = await retry.buryGroup('cancelled', 30);
    const order = { fingerprint, reason: 'slowly', canary: [], rate: 2 };
    const { json } = await retry.post<Progress>('/v1/redrives', order);
    await eventually(() => retry.ticketing.receivedOf('cancelled').length >= 2);
    const cancelled = await retry.post<Progress>(`/v1/redrives/${json.id}/cancel`, { reason: 'wrong group' });
    expect([cancelled.status, cancelled.json.state]).toEqual([200, 'cancelled']);
    const { counts } = await retry.ended(json.id, 'cancelled');
    expect([counts['redriven']! + counts['released']!, counts['waiting']]).toEqual([30, 0]);
    expect(retry.ticketing.receivedOf('cancelled')).toHaveLength(counts['redriven']!);
    const open = Object.values(await retry.statuses(keys)).filter((status) => status === 'open');
    expect(open).toHaveLength(counts['released']!);
    expect((await retry.post(`/v1/redrives/${json.id}/cancel`, { reason: 'again' })).status).toBe(200);
    expect((await retry.post('/v1/redrives/none/cancel', { reason: 'x' })).status).toBe(404);
  });

  it('survives a stop in the middle: the next process goes on where this one was', async () => {
    const { keys, fingerprint } = await retry.buryGroup('stopped', 40);
    const order = { fingerprint, reason: 'patiently', canary: [], rate: 20 };
    const { json } = await retry.post<Progress>('/v1/redrives', order);
    await eventually(() => retry.ticketing.receivedOf('stopped').length >= 4);
    await retry.stopService();
    const before = retry.ticketing.receivedOf('stopped').length;
    expect(before).toBeLessThan(40);
    await retry.startService();
    expect(await retry.ended(json.id)).toMatchObject({ counts: { redriven: 40 } });
    expect(
      retry.ticketing
        .receivedOf('stopped')
        .map(({ headers }) => headers['idempotency-key'])
        .sort(),
    ).toEqual(keys);
  });

  it('that crashed between the broker and the commit goes out again under the same redrive id', async () => {
    const { keys, fingerprint } = await retry.buryGroup('crashed', 5);
    await retry.stopService();
    const redrive = await claimAlone(fingerprint);
    const observer = { redriveSent: nothing, redriveSendFailed: nothing, redriveEnded: nothing };
    const sources = [
      { topic: `${retry.consumer}.dead-letter`, consumer: retry.consumer, redelivery: `${retry.consumer}.redelivery` },
    ];
    const crashing: SendOptions['postgres'] = {
      query: (sql, parameters) => retry.postgres.query(sql, parameters),
      transaction: (work) =>
        retry.postgres.transaction(async (queries) => {
          await work(queries);
          throw new Error('crashed before the commit');
        }),
    };
    const send = new SendRedrives({ postgres: crashing, producer: retry.producer, sources, observer });
    await expect(send.sendDue()).rejects.toThrow('crashed before the commit');
    await eventually(() => retry.ticketing.receivedOf('crashed').length === 5);
    await retry.startService();
    expect(await retry.ended(redrive)).toMatchObject({ counts: { redriven: 5 } });
    const received = retry.ticketing.receivedOf('crashed');
    expect(received).toHaveLength(10);
    expect(new Set(received.map(({ headers }) => headers['redrive-id']))).toEqual(new Set([redrive]));
    expect(new Set(Object.values(await retry.statuses(keys)))).toEqual(new Set(['redriven']));
  });

  it('waits for a ticketing that does not answer', async () => {
    const id = await retry.bury('unheard');
    retry.ticketing.refusals = [503, 503, 500];
    const { json } = await retry.post<Progress>('/v1/redrives', { id, reason: 'try' });
    expect(await retry.ended(json.id)).toMatchObject({ counts: { redriven: 1 } });
    expect(await retry.registry.metrics()).toMatch(/failures_total\{work="ticketing",known="true"\} [3-9]/);
  });
});

const nothing = (): void => undefined;

/** Takes a group for a redrive while no service runs that would send it. */
async function claimAlone(fingerprint: string): Promise<string> {
  const body = redriveBodySchema.parse({ fingerprint, reason: 'before the crash', canary: [], rate: 1000 });
  const sources = [{ topic: 'x', consumer: retry.consumer, redelivery: 'x' }];
  const started = await retry.postgres.transaction((queries) =>
    startRedrive(queries, { body, actor: 'spec' }, sources),
  );
  return started.id;
}
