import { eventually, useStack } from '@onceline/testing';
import { TestRetry, type Summary } from '../test-service.spec.js';

let retry: TestRetry;
beforeAll(async () => {
  await useStack({ exclusive: true }); // PostgreSQL is taken away below
  retry = await TestRetry.start();
}, 60_000);
afterAll(() => retry.stop());

interface Page<Item> {
  readonly items: Item[];
  readonly nextCursor: string | null;
}

describe('a dead letter in the index', () => {
  it('shows payload, headers, failure, attempts and trace', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const id = await retry.bury('shown', {
      headers: {
        ...{ traceparent, attempt: '10', 'failure-kind': 'transient', 'handler-version': '0.1.0' },
        'dead-letter-reason': 'no-tries-left',
      },
    });
    const { json } = await retry.get(`/v1/dead-letters/${id}`);
    expect(json).toMatchObject({
      id,
      consumer: retry.consumer,
      class: 'pipeline',
      status: 'open',
      failure: { kind: 'transient', code: 'broken', message: 'broken at 5' },
      handlerVersion: '0.1.0',
      deadLetterReason: 'no-tries-left',
      attempts: 10,
      botId: '7',
      conversation: '7:shown',
      key: '7:shown',
      idempotencyKey: 'shown',
      traceId: '0af7651916cd43dd8448eb211c80319c',
      firstFailedAt: '2026-01-01T00:00:01.000Z',
      copies: 1,
      redrives: [],
      history: [],
    });
    const text = '{"update_id":1,"note":"shown"}';
    expect(json['payload']).toEqual({ base64: Buffer.from(text).toString('base64'), text, bytes: text.length });
    expect((json['headers'] as Record<string, string>)['traceparent']).toBe(traceparent);
  });

  it('is one, however often an outbox has published it', async () => {
    const id = await retry.bury('copied', { copies: 3 });
    await eventually(async () => {
      expect((await retry.get(`/v1/dead-letters/${id}`)).json['copies']).toBe(3);
    });
    expect(await retry.statuses(['copied'])).toEqual({ copied: 'open' });
    expect(await retry.registry.metrics()).toMatch(/^onceline_retry_dead_letter_copies_total 2$/m);
  });

  it('of a consumer that takes nothing back stands for itself, as two collisions of one key do', async () => {
    for (const value of ['one', 'two']) {
      const headers = { 'idempotency-key': 'collided', 'failure-code': 'key-collision' };
      await retry.producer.send(`${retry.doorman}.dead-letter`, { key: 'c', value: Buffer.from(value), headers });
    }
    await eventually(async () => {
      const { json } = await retry.get<Page<Summary>>(`/v1/dead-letters?consumer=${retry.doorman}`);
      expect(json.items.map(({ idempotencyKey }) => idempotencyKey)).toEqual(['collided', 'collided']);
    });
  });

  it('comes in with garbage for headers, without payload, without key', async () => {
    const garbage = {
      'bot-id': 'x'.repeat(10_000),
      'idempotency-key': 'k'.repeat(5000),
      conversation: 'null\u0000byte',
      attempt: '-3',
      'first-failed-at': 'yesterday',
      'failure-kind': 'cosmic',
      'failure-message': '\u0000\ud83d\ude00'.repeat(1000),
      'failure-class': 'nobody',
      traceparent: 'not-a-trace',
      'dead-letter-reason': 'bored',
      'redrive-count': '99999999999999999999',
      'redrive-id': '\u0000',
      '': 'no name',
    };
    const topic = `${retry.doorman}.dead-letter`;
    const sent = await retry.producer.send(topic, { key: null, value: null, headers: garbage });
    const row = await eventually(async () => {
      const [found] = await retry.postgres.query<{ id: string }>(
        `select dead_letter_id as id from retry.positions where topic = $1 and partition = $2 and kafka_offset = $3`,
        [topic, sent.partition, sent.offset],
      );
      if (!found) throw new Error('not there');
      return found;
    });
    const { json } = await retry.get(`/v1/dead-letters/${row.id}`);
    expect(json).toMatchObject({
      class: 'pipeline',
      attempts: 1,
      idempotencyKey: null,
      traceId: null,
      firstFailedAt: null,
      redriveId: null,
      deadLetterReason: null,
      conversation: 'null\u2400byte',
      failure: { kind: 'unknown', code: 'unknown' },
      payload: { base64: null, text: null, bytes: 0 },
      key: null,
    });
    expect((json['headers'] as Record<string, string>)['redrive-id']).toBe('\u0000');
    const metrics = await retry.registry.metrics();
    for (const header of ['bot-id', 'idempotency-key', 'attempt', 'first-failed-at', 'failure-kind', 'traceparent']) {
      expect(metrics).toMatch(
        new RegExp(`^onceline_retry_dead_letter_headers_clamped_total\\{header="${header}"\\} 1$`, 'm'),
      );
    }
  });
});

describe('a dead letter that the database refuses', () => {
  it('comes in without its headers, and keeps no neighbour out', async () => {
    const refusal = `alter table retry.dead_letters add constraint refusal check (headers::text not like '%poison%') not valid`;
    await retry.postgres.query(refusal);
    await Promise.all(['n1', 'poison', 'n2'].map((key) => retry.send(key, { headers: { kind: key } })));
    const ids = await Promise.all(['n1', 'poison', 'n2'].map((key) => retry.idOf(key)));
    await retry.postgres.query('alter table retry.dead_letters drop constraint refusal');
    const details = await Promise.all(ids.map((id) => retry.get(`/v1/dead-letters/${id}`)));
    expect(details.map(({ json }) => Object.keys(json['headers'] as object).length)).toEqual([9, 0, 9]);
    expect(details[1]?.json['payload']).toMatchObject({ text: '{"update_id":1,"note":"poison"}' });
    expect(await retry.registry.metrics()).toMatch(/^onceline_retry_dead_letters_reduced_total 1$/m);
  });
});

describe('the index waits, blames no record and goes on by itself', () => {
  it.each([
    {
      at: 'a unique key that is taken',
      known: true,
      breaking: `create unique index clash on retry.dead_letters (failure_code) where failure_code = 'clash'`,
      mending: 'drop index retry.clash',
    },
    {
      at: 'an error that no rule knows, which is counted as such',
      known: false,
      breaking: 'alter table retry.dead_letters rename cause to moved',
      mending: 'alter table retry.dead_letters rename moved to cause',
    },
  ])('at $at', async ({ known, breaking, mending }) => {
    const keys = [`known-${known}-1`, `known-${known}-2`];
    await retry.postgres.query(breaking);
    for (const key of keys) await retry.send(key, { headers: { 'failure-code': 'clash' } });
    const counted = new RegExp(`onceline_retry_dead_letter_failures_total\\{work="index",known="${known}"\\} [1-9]`);
    await eventually(async () => expect(await retry.registry.metrics()).toMatch(counted));
    expect((await retry.get('/health/live')).status).toBe(200);
    await retry.postgres.query(mending);
    const ids = await Promise.all(keys.map((key) => retry.idOf(key)));
    const details = await Promise.all(ids.map((id) => retry.get(`/v1/dead-letters/${id}`)));
    expect(details.map(({ json }) => Object.keys(json['headers'] as object).length)).toEqual([8, 8]);
  });
});

describe('lists', () => {
  it('go newest first, page by page, through filters', async () => {
    const keys = ['p1', 'p2', 'p3', 'p4', 'p5'];
    for (const key of keys) await retry.bury(key, { headers: { 'bot-id': '55' } });
    const seen: string[] = [];
    let cursor = '';
    do {
      const { json } = await retry.get<Page<Summary>>(`/v1/dead-letters?bot=55&limit=2${cursor}`);
      seen.push(...json.items.map(({ idempotencyKey }) => idempotencyKey));
      cursor = json.nextCursor === null ? '' : `&cursor=${json.nextCursor}`;
    } while (cursor !== '');
    expect(seen).toEqual(keys.toReversed());
    const byConversation = await retry.get<Page<Summary>>(
      '/v1/dead-letters?conversation=7:p3&status=open&class=pipeline',
    );
    expect(byConversation.json.items.map(({ idempotencyKey }) => idempotencyKey)).toEqual(['p3']);
    const later = await retry.get<Page<Summary>>('/v1/dead-letters?bot=55&from=2999-01-01T00:00:00Z');
    expect(later.json.items).toEqual([]);
  });

  it('group by cause, whatever numbers the messages hold', async () => {
    for (const [index, key] of ['g1', 'g2', 'g3'].entries()) {
      await retry.bury(key, { headers: { 'failure-code': 'grouped', 'failure-message': `row ${index} is "${key}"` } });
    }
    await retry.bury('g4', { headers: { 'failure-code': 'grouped', 'failure-message': 'something else' } });
    const { json } = await retry.get<Page<{ failure: { code: string }; count: number; fingerprint: string }>>(
      '/v1/dead-letter-groups?limit=100',
    );
    const groups = json.items.filter(({ failure }) => failure.code === 'grouped');
    expect(groups).toMatchObject([
      { count: 1, consumer: retry.consumer, statuses: { open: 1 } },
      { count: 3, statuses: { open: 3 }, failure: { message: 'row 2 is "g3"' } },
    ]);
    const ofGroup = await retry.get<Page<Summary>>(`/v1/dead-letters?fingerprint=${groups[1]?.fingerprint}`);
    expect(ofGroup.json.items.map(({ idempotencyKey }) => idempotencyKey)).toEqual(['g3', 'g2', 'g1']);
  });

  it.each([
    ['/v1/dead-letters?limit=0', 'query.limit'],
    ['/v1/dead-letters?status=gone', 'query.status'],
    ['/v1/dead-letters?cursor=bm9uc2Vuc2U', 'query.cursor'],
    ['/v1/dead-letters?colour=red', 'query'],
    ['/v1/dead-letter-groups?cursor=e30', 'query.cursor'],
    ['/v1/audit-trail?cursor=e30', 'query.cursor'],
    ['/v1/redrives?cursor=e30', 'query.cursor'],
  ])('%s is refused with the field', async (path, field) => {
    const { status, json, headers } = await retry.get(path);
    expect([status, json['field'], headers.get('content-type')]).toEqual([
      400,
      field,
      'application/problem+json; charset=utf-8',
    ]);
  });

  it('need a token', async () => {
    expect((await retry.get('/v1/dead-letters', 'wrong')).status).toBe(401);
    expect((await retry.get('/v1/dead-letters/none')).status).toBe(404);
  });
});

describe('PostgreSQL away', () => {
  it('holds the index, answers 503, and goes on with nothing lost and nothing twice', async () => {
    await retry.stack.postgres.stop();
    for (const key of ['w1', 'w2', 'w3']) await retry.send(key);
    await eventually(async () => {
      expect(await retry.registry.metrics()).toMatch(
        /onceline_retry_dead_letter_failures_total\{work="index",known="true"\} [1-9]/,
      );
    });
    await eventually(async () => {
      const lag = `^onceline_retry_consumer_lag_records\\{topic="${retry.consumer}.dead-letter",partition="\\d"\\} [1-9]`;
      expect(await retry.registry.metrics()).toMatch(new RegExp(lag, 'm'));
    });
    const { status, json } = await retry.get('/v1/dead-letters');
    expect([status, json['detail']]).toEqual([503, 'The database is away.']);
    expect((await retry.get('/health/live')).status).toBe(200);
    await retry.stack.postgres.start();
    for (const key of ['w1', 'w2', 'w3']) await retry.idOf(key);
    expect(await retry.statuses(['w1', 'w2', 'w3'])).toEqual({ w1: 'open', w2: 'open', w3: 'open' });
    await eventually(async () => {
      expect((await retry.get('/health/ready')).status).toBe(200);
    });
  });

  it('reads everything again after its offsets are lost, and changes nothing', async () => {
    await retry.stopService();
    const before = await retry.postgres.query(`select count(*) from retry.dead_letters`);
    const second = await retry.startInstance({ DEAD_LETTER_GROUP_ID: `${retry.consumer}-again` });
    await eventually(async () => {
      const ends = await retry.kafka.admin.offsets(`${retry.consumer}.dead-letter`);
      const committed = await retry.kafka.admin.committed(`${retry.consumer}-again`, `${retry.consumer}.dead-letter`);
      expect(committed).toEqual(ends.map(({ high }) => (high === 0 ? null : high)));
    });
    expect(await retry.postgres.query(`select count(*) from retry.dead_letters`)).toEqual(before);
    await second.stop();
  });
});
