import { trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { eventually } from '@onceline/testing';
import { TestRetry, type Progress, type Summary } from '../test-service.spec.js';

const exporter = new InMemorySpanExporter();
let retry: TestRetry;
beforeAll(async () => {
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
  retry = await TestRetry.start();
}, 60_000);
afterAll(() => retry.stop());
beforeEach(() => {
  retry.ticketing.failsAgain = () => false;
  retry.ticketing.refusals = [];
});

describe('a single redrive', () => {
  it('enters behind dedupe with its key and partition, without what the failure left on it', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
    const id = await retry.bury('single', { headers: { traceparent, attempt: '10', 'due-at': '5' } });
    const started = await retry.post<Progress>('/v1/redrives', { id, reason: 'the parser is mended' });
    expect([started.status, started.headers.get('location')]).toEqual([202, `/v1/redrives/${started.json.id}`]);
    const ended = await retry.ended(started.json.id);
    expect(ended).toMatchObject({
      selected: 1,
      outcomes: { 'ticket-opened': 1 },
      counts: { redriven: 1, failedAgain: 0 },
    });
    const [record, ...more] = retry.ticketing.receivedOf('single');
    expect(more).toEqual([]);
    const details = (
      await retry.get<{ position: object; redrives: object[]; history: object[] }>(`/v1/dead-letters/${id}`)
    ).json;
    expect(details.position).toMatchObject({ partition: record?.partition });
    expect([record?.key, record?.value?.toString()]).toEqual(['7:single', '{"update_id":1,"note":"single"}']);
    expect(record?.headers).toEqual({
      'bot-id': '7',
      'received-at': '2026-01-01T00:00:00.000Z',
      'idempotency-key': 'single',
      traceparent,
      attempt: '0',
      'redrive-id': started.json.id,
      'redrive-count': '1',
    });
    expect(details).toMatchObject({
      status: 'redriven',
      redrives: [{ outcome: 'ticket-opened', ticketId: 'ticket-of-single', isCorrected: false }],
      history: [{ action: 'redrive', reason: 'the parser is mended', deadLetterCount: 1 }],
    });
    expect((details.history[0] as { actor: string }).actor).toMatch(/^admin:[0-9a-f]{8}$/);
  });

  it('goes on in the trace that the update began', async () => {
    const [traceId, dead] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
    const headers = { traceparent: `00-${traceId}-${dead}-01`, tracestate: 'a=b', 'previous-traceparent': 'before' };
    const id = await retry.bury('traced', { headers });
    const { json } = await retry.post<Progress>('/v1/redrives', { id, reason: 'mended' });
    await retry.ended(json.id);
    const [span, ...more] = exporter.getFinishedSpans().filter(({ name }) => name.startsWith('send '));
    expect([span?.name, more]).toEqual([`send ${retry.consumer}.redelivery`, []]);
    expect(span?.parentSpanContext).toMatchObject({ traceId, spanId: dead });
    expect(span?.attributes).toMatchObject({ 'onceline.redrive.id': json.id, 'onceline.dead_letter.id': id });
    expect(retry.ticketing.receivedOf('traced')[0]?.headers).toMatchObject({
      traceparent: `00-${traceId}-${span?.spanContext().spanId}-01`,
      tracestate: 'a=b',
      'previous-traceparent': 'before',
    });
  });

  it('sends a corrected payload and keeps the original', async () => {
    const id = await retry.bury('corrected', { value: Buffer.from('{"update_id":') });
    const payload = { text: '{"update_id":1}' };
    const { json } = await retry.post<Progress>('/v1/redrives', { id, payload, reason: 'cut off' });
    await retry.ended(json.id);
    expect(retry.ticketing.receivedOf('corrected').map(({ value }) => value?.toString())).toEqual(['{"update_id":1}']);
    const details = await retry.get(`/v1/dead-letters/${id}`);
    expect(details.json).toMatchObject({ payload: { text: null, bytes: 13 }, redrives: [{ isCorrected: true }] });
  });

  it('that fails again ends as failed-again, and what came back is open and counts its redrives', async () => {
    retry.ticketing.failsAgain = () => true;
    const id = await retry.bury('hopeless');
    const first = await retry.post<Progress>('/v1/redrives', { id, reason: 'maybe' });
    expect(await retry.ended(first.json.id)).toMatchObject({
      counts: { failedAgain: 1 },
      outcomes: { 'dead-lettered': 1 },
    });
    const back = await retry.idOf('hopeless');
    const details = await retry.get<Record<string, unknown>>(`/v1/dead-letters/${back}`);
    expect(details.json).toMatchObject({
      status: 'open',
      redriveId: first.json.id,
      redriveCount: 1,
      sameUpdate: [{ id, status: 'failed-again' }],
    });
    const again = await retry.post<Progress>('/v1/redrives', { id, reason: 'once more' });
    expect([again.status, again.json]).toMatchObject([409, { skipped: [{ id, status: 'failed-again' }] }]);
    retry.ticketing.failsAgain = () => false;
    const second = await retry.post<Progress>('/v1/redrives', { id: back, reason: 'now really' });
    expect(await retry.ended(second.json.id)).toMatchObject({ counts: { redriven: 1 } });
    expect(retry.ticketing.receivedOf('hopeless').map(({ headers }) => headers['redrive-count'])).toEqual(['1', '2']);
  });

  it('is refused where nothing takes it back, with the way out', async () => {
    const headers = { 'idempotency-key': 'doorman-1', 'failure-code': 'key-collision' };
    await retry.producer.send(`${retry.doorman}.dead-letter`, { key: 'c', value: Buffer.from('x'), headers });
    const id = await retry.idOf('doorman-1');
    for (const dryRun of [false, true]) {
      const { status, json } = await retry.post('/v1/redrives', { id, reason: 'try', dryRun });
      expect([status, json['detail']]).toEqual([
        409,
        expect.stringContaining(`there is no ${retry.doorman}.redelivery`),
      ]);
    }
    expect(await retry.statuses(['doorman-1'])).toEqual({ 'doorman-1': 'open' });
    expect((await retry.post('/v1/dead-letters/discard', { id, reason: 'collision looked at' })).json).toEqual({
      discarded: 1,
      skipped: [],
    });
    expect(retry.ticketing.discards).not.toContainEqual(expect.objectContaining({ key: 'doorman-1' }));
  });
});

describe('a dry run', () => {
  it('asks ticketing with the records that would go out, and changes nothing', async () => {
    const { keys, fingerprint } = await retry.buryGroup('dry', 32);
    for (const key of keys.slice(0, 3)) retry.ticketing.ledger.set(key, { outcome: 'ticket-opened', ticketId: 't' });
    retry.ticketing.failsAgain = (key) => keys.slice(3, 5).includes(key);
    const { status, json } = await retry.post('/v1/redrives', { fingerprint, dryRun: true });
    expect([status, json]).toEqual([
      200,
      {
        dryRun: true,
        selected: 32,
        rehearsed: 32,
        results: { 'would-open': 27, 'has-ticket': 3, 'would-fail': 2 },
        summary: '27 would open tickets, 3 already have one, 2 would fail again',
      },
    ]);
    const asked = retry.ticketing.rehearsed.find(({ idempotencyKey }) => idempotencyKey === keys[0]);
    expect(asked?.headers).toMatchObject({ attempt: '0', 'redrive-count': '1' });
    expect(asked?.headers).not.toHaveProperty('failure-code');
    expect(JSON.parse(Buffer.from(asked?.payload ?? '', 'base64').toString())).toEqual({ update_id: 1, note: keys[0] });
    expect(new Set(Object.values(await retry.statuses(keys)))).toEqual(new Set(['open']));
    expect(retry.ticketing.receivedOf('dry')).toEqual([]);
  });

  it('says when ticketing is away', async () => {
    const id = await retry.bury('dry-away');
    retry.ticketing.refusals = [503];
    const { status, json } = await retry.post('/v1/redrives', { id, dryRun: true });
    expect([status, json['detail']]).toEqual([503, expect.stringContaining('ticketing answers 503')]);
  });
});

describe('a discard', () => {
  it('counts at once, and the ledger hears of it as soon as it can', async () => {
    const { keys, fingerprint } = await retry.buryGroup('discarded', 3);
    retry.ticketing.refusals = [503, 503];
    const answer = await retry.post('/v1/dead-letters/discard', { fingerprint, reason: 'spam' });
    expect([answer.status, answer.json]).toEqual([200, { discarded: 3, skipped: [] }]);
    expect(new Set(Object.values(await retry.statuses(keys)))).toEqual(new Set(['discarded']));
    await eventually(() => {
      const heard = retry.ticketing.discards.filter(({ key }) => key.startsWith('discarded'));
      expect(heard.sort((a, b) => a.key.localeCompare(b.key))).toEqual(keys.map((key) => ({ key, reason: 'spam' })));
    });
    const redrive = await retry.post('/v1/redrives', { fingerprint, reason: 'no, wait' });
    expect(redrive.status).toBe(409);
  });
});

describe('who did what', () => {
  it('cannot be edited or deleted', async () => {
    for (const sql of [
      `update retry.audit_trail set reason = 'nothing'`,
      `delete from retry.audit_trail`,
      `truncate retry.audit_trail`,
    ]) {
      await expect(retry.postgres.query(sql)).rejects.toThrow('the audit trail is append-only');
    }
    const { json } = await retry.get<{ items: { reason: string }[] }>('/v1/audit-trail?limit=1');
    expect(json.items).toMatchObject([{ action: 'discard', reason: 'spam', deadLetterCount: 3 }]);
  });

  it('is for admins; viewers may look', async () => {
    const token = 'viewer-secret';
    for (const path of ['/v1/redrives', '/v1/redrives/x/cancel', '/v1/dead-letters/discard']) {
      expect((await retry.post(path, { reason: 'x' }, { token })).status).toBe(403);
    }
    expect((await retry.get('/v1/redrives')).status).toBe(200);
  });

  it.each([
    [{ reason: 'x' }, 'body'],
    [{ id: 'a', ids: ['b'], reason: 'x' }, 'body'],
    [{ id: 'a' }, 'body.reason'],
    [{ filter: {}, reason: 'x' }, 'body.filter'],
    [{ fingerprint: 'f', payload: { text: 'x' }, reason: 'x' }, 'body.payload'],
    [{ id: 'a', reason: 'x', rate: 0 }, 'body.rate'],
    [{ id: 'a', reason: 'x', canary: [0] }, 'body.canary.0'],
  ])('needs a clear order: %j is refused', async (body, field) => {
    const { status, json } = await retry.post('/v1/redrives', body);
    expect([status, json['field']]).toEqual([400, field]);
  });

  it('says which dead letters are not there', async () => {
    const { status, json } = await retry.post('/v1/redrives', { ids: ['nowhere'], reason: 'x' });
    expect([status, json['detail']]).toEqual([404, 'There is no dead letter nowhere.']);
  });
});

describe('a POST under an Idempotency-Key', () => {
  it('is done once, and its repeat gets the first answer', async () => {
    const id = await retry.bury('keyed');
    const body = { id, reason: 'once' };
    const headers = { 'idempotency-key': 'k-1' };
    const answers = await Promise.all([1, 2, 3].map(() => retry.post<Progress>('/v1/redrives', body, headers)));
    expect(new Set(answers.map(({ status, json }) => `${status} ${json.id}`)).size).toBe(1);
    await retry.ended(answers[0]?.json.id ?? '');
    expect(retry.ticketing.receivedOf('keyed')).toHaveLength(1);
    const other = await retry.post('/v1/redrives', { id, reason: 'another' }, headers);
    expect([other.status, other.json['field']]).toEqual([422, 'headers.idempotency-key']);
    const list = await retry.get<{ items: Summary[] }>('/v1/redrives?limit=1');
    expect(list.json.items).toMatchObject([{ id: answers[0]?.json.id, selection: `dead letter ${id}` }]);
  });
});
