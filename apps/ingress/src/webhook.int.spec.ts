import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { HEADERS, TOPICS } from '@onceline/contracts';
import type { RunningService } from '@onceline/service-kit';
import { MAX_BODY_BYTES } from './decide-answer.js';
import { BOTS, IngressHarness, messageUpdate, metric, untilInFlight } from './ingress-harness.spec.js';
import { postBytes, postHead, type RawAnswer } from './raw-client.spec.js';

let harness: IngressHarness;
let ingress: RunningService;

beforeAll(async () => {
  harness = await IngressHarness.start();
  ingress = await harness.ingress();
}, 120_000);
afterAll(async () => harness?.stop(), 60_000);

const storedIn = async (topic: string, bytes: string | Buffer) =>
  (await harness.records(topic)).filter(({ value }) => value?.equals(Buffer.from(bytes)));

function expectEmptyOk(answer: RawAnswer): void {
  expect(answer.statusLine).toBe('HTTP/1.1 200 OK');
  expect(answer.headers).toEqual({
    'content-length': '0',
    connection: 'keep-alive',
    'keep-alive': 'timeout=75',
    date: expect.stringMatching(/GMT$/),
  });
}

function expectProblem(answer: RawAnswer, status: number): void {
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(answer.headers['content-length']).toBe(String(Buffer.byteLength(answer.body)));
  expect(answer.headers['retry-after']).toBeUndefined();
  expect(JSON.parse(answer.body)).toEqual({
    type: 'about:blank',
    status,
    title: expect.any(String),
    detail: expect.any(String),
  });
}

describe('an authentic update', () => {
  it('is answered with an empty 200 and stored byte for byte with its bot and time', async () => {
    const before = Date.now();
    const id = messageUpdate().id;
    // Blanks, escapes, a number that JSON.stringify would change and a field nobody knows: nothing may be made anew.
    const body = `{ "update_id" : ${id},\n"message":{"chat":{"id":42},"message_id":7,"text":"h\\u00e9 ✓","n":1.0},"x":[]}  `;
    expectEmptyOk(await harness.post(ingress, body));

    const [record, ...more] = await storedIn(TOPICS.raw, body);
    expect(more).toEqual([]);
    expect(record?.key).toBe('1000001:42');
    const receivedAt = record?.headers[HEADERS.receivedAt] ?? '';
    expect(record?.headers).toEqual({
      [HEADERS.botId]: '1000001',
      [HEADERS.receivedAt]: receivedAt,
      [HEADERS.traceparent]: expect.stringMatching(/-00$/),
    });
    expect(receivedAt).toBe(new Date(receivedAt).toISOString());
    expect(Date.parse(receivedAt)).toBeGreaterThanOrEqual(before);
    expect(record?.timestamp).toBe(Date.parse(receivedAt));
  });

  it('is taken with either secret of a rotation, and only with the bot it belongs to', async () => {
    expectEmptyOk(await harness.post(ingress, messageUpdate().json, { secret: 'previous' }));
    expectEmptyOk(await harness.post(ingress, messageUpdate().json, { bot: '1000002', secret: 'second' }));
    expectProblem(await harness.post(ingress, messageUpdate().json, { bot: '1000002', secret: 'current' }), 401);
  });

  it('may be of an unknown kind, of none, or have unknown fields: stored, counted, never refused', async () => {
    const unknownBefore = (await metric('onceline_ingress_updates_total', { kind: 'unknown' })) ?? NaN;
    const driftBefore = (await metric('onceline_ingress_drift_total')) ?? NaN;
    const bodies = [
      `{"update_id":${messageUpdate().id},"hologram":{"chat":{"id":9}}}`,
      `{"update_id":${messageUpdate().id}}`,
      `{"update_id":${messageUpdate().id},"message":{"chat":{"id":9},"message_id":1},"aura":{}}`,
    ];
    for (const body of bodies) expectEmptyOk(await harness.post(ingress, body));
    for (const body of bodies) expect(await storedIn(TOPICS.raw, body)).toHaveLength(1);
    expect(await metric('onceline_ingress_updates_total', { kind: 'unknown' })).toBe(unknownBefore + 1);
    expect(await metric('onceline_ingress_drift_total')).toBe(driftBefore + 2);
  });

  it('may have exactly 1 MiB, or come in chunks', async () => {
    const filled = messageUpdate().json.replace('"hi"', '""');
    const largest = filled.replace('""}', `"${'x'.repeat(MAX_BODY_BYTES - filled.length)}"}`);
    expect(largest).toHaveLength(MAX_BODY_BYTES);
    expectEmptyOk(await harness.post(ingress, largest));
    expect(await storedIn(TOPICS.raw, largest)).toHaveLength(1);

    const chunked = messageUpdate().json;
    const client = await harness.connect(ingress);
    client.write(postHead(0, { length: undefined, extra: ['Transfer-Encoding: chunked'] }));
    for (const part of [chunked.slice(0, 5), chunked.slice(5)])
      client.write(`${part.length.toString(16)}\r\n${part}\r\n`);
    client.write('0\r\n\r\n');
    expectEmptyOk(await client.answer());
    expect(await storedIn(TOPICS.raw, chunked)).toHaveLength(1);
  });

  it('shares its connection with those before it, pipelined too', async () => {
    const client = await harness.connect(ingress);
    const updates = Array.from({ length: 5 }, () => messageUpdate().json);
    client.write(postBytes(updates[0] ?? ''));
    expectEmptyOk(await client.answer());
    client.write(Buffer.concat(updates.slice(1).map((json) => postBytes(json))));
    for (let n = 1; n < 5; n += 1) expectEmptyOk(await client.answer());
    expect(client.isOpen).toBe(true);
    for (const json of updates) expect(await storedIn(TOPICS.raw, json)).toHaveLength(1);
  });

  it('is never told to continue', async () => {
    const { json } = messageUpdate();
    const client = await harness.connect(ingress);
    client.write(postHead(json.length, { extra: ['Expect: 100-continue'] }));
    await new Promise((resolve) => setTimeout(resolve, 200));
    client.write(json);
    // The first bytes on the connection are those of the 200: a 100 would be the first answer.
    const answer = await client.answer();
    expect(answer.statusLine).toBe('HTTP/1.1 200 OK');
    expect(answer.headers['content-length']).toBe('0');
    expect(await storedIn(TOPICS.raw, json)).toHaveLength(1);

    const hoping = await harness.connect(ingress);
    hoping.write(postHead(2, { extra: ['Expect: a miracle'] }));
    expect((await hoping.answer()).status).toBe(417);
  });
});

// Counted in the files of the broker, which a container keeps to itself.
const itOnProcesses = process.env['STACK'] === 'containers' ? it.skip : it;

describe('a burst', () => {
  itOnProcesses('of 100 posts in 10 chats, while the broker is busy, costs few produce requests', async () => {
    const before = batchesInLog();
    const clients = await Promise.all(Array.from({ length: 100 }, () => harness.connect(ingress)));
    const goOn = await harness.freezeBroker();
    try {
      clients.forEach((client, n) => client.write(postBytes(messageUpdate(5_000 + (n % 10)).json)));
      await untilInFlight(100);
    } finally {
      await goOn();
    }
    for (const client of clients) expectEmptyOk(await client.answer());
    const batches = batchesInLog() - before;
    expect(batches).toBeGreaterThan(0);
    expect(batches).toBeLessThanOrEqual(20);
  });
});

describe('what is refused', () => {
  it('strangers: unknown bot 404, wrong or missing secret 401; nothing stored', async () => {
    const json = messageUpdate().json;
    expectProblem(await harness.post(ingress, json, { bot: '999' }), 404);
    expectProblem(await harness.post(ingress, json, { bot: '' }), 404);
    expectProblem(await harness.post(ingress, json, { secret: undefined }), 401);
    expectProblem(await harness.post(ingress, json, { secret: 'wrong' }), 401);
    expectProblem(await harness.post(ingress, json, { secret: 'x'.repeat(5_000) }), 401);
    expect(await storedIn(TOPICS.raw, json)).toEqual([]);
  });

  it('unknown paths: 404 of Nest', async () => {
    const client = await harness.connect(ingress);
    client.write('POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n');
    expect((await client.answer()).status).toBe(404);
  });

  it('other methods 405, other types 415, packed bodies 415; the connection lives on', async () => {
    const json = messageUpdate().json;
    const client = await harness.connect(ingress);
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS']) {
      client.write(postBytes(json, { method }));
      const answer = await client.answer();
      expectProblem(answer, 405);
      expect(answer.headers['allow']).toBe('POST');
    }
    for (const post of [
      { type: 'text/plain' },
      { type: undefined },
      { type: 'application/x-www-form-urlencoded' },
      { extra: ['Content-Encoding: gzip'] },
    ]) {
      client.write(postBytes(json, post));
      expectProblem(await client.answer(), 415);
    }
    client.write(postBytes(json));
    expectEmptyOk(await client.answer());
    expect(await storedIn(TOPICS.raw, json)).toHaveLength(1);
  });

  it.each(['announced', 'in chunks'])('more than 1 MiB, %s: 413, whole and readable, then the end', async (how) => {
    const client = await harness.connect(ingress);
    const body = Buffer.alloc(20 * MAX_BODY_BYTES, ' ');
    if (how === 'announced') client.write(postBytes(body));
    else {
      client.write(postHead(0, { length: undefined, extra: ['Transfer-Encoding: chunked'] }));
      client.write(`${body.length.toString(16)}\r\n`);
      client.write(body);
    }
    const answer = await client.answer();
    expectProblem(answer, 413);
    expect(answer.headers['connection']).toBe('close');
    expect(await client.closed()).toBe('');
    expect(client.wasReset).toBe(false);
  });

  it('one byte more than 1 MiB: 413', async () => {
    expectProblem(await harness.post(ingress, Buffer.alloc(MAX_BODY_BYTES + 1, ' ')), 413);
  });

  it.each([
    'not json',
    '',
    '[]',
    'null',
    '{}',
    '{"update_id":"7"}',
    '{"update_id":1.5}',
    '{"update_id":-1}',
    '\xff\xfe',
  ])('authentic but no update (%j): kept in the dead letters, then 400', async (body) => {
    const bytes = Buffer.from(body, 'latin1');
    const before = (await storedIn(TOPICS.ingressDeadLetter, bytes)).length;
    expectProblem(await harness.post(ingress, bytes), 400);
    const kept = await storedIn(TOPICS.ingressDeadLetter, bytes);
    expect(kept).toHaveLength(before + 1);
    expect(kept.at(-1)?.headers).toEqual({
      [HEADERS.botId]: '1000001',
      [HEADERS.receivedAt]: expect.any(String),
      [HEADERS.traceparent]: expect.any(String),
      [HEADERS.failureKind]: 'permanent',
      [HEADERS.failureCode]: 'malformed-update',
      [HEADERS.failureMessage]: expect.any(String),
    });
  });

  it('what is no HTTP: 400 and the end', async () => {
    const client = await harness.connect(ingress);
    client.write('this is no http\r\n\r\n');
    const answer = await client.answer();
    expect(answer.status).toBe(400);
    expect(answer.headers).toEqual({ 'content-length': '0', connection: 'close' });
    expect(await client.closed()).toBe('');
  });
});

describe('beside the webhook', () => {
  it('health and metrics are served, every label there from the start', async () => {
    for (const path of ['/health/live', '/health/ready'])
      expect((await fetch(`${ingress.url}${path}`)).status).toBe(200);
    const text = await (await fetch(`${ingress.url}/metrics`)).text();
    expect(text).toMatch(/onceline_ingress_requests_total\{outcome="shed"\} 0/);
    expect(text).toMatch(/onceline_ingress_rejected_total\{reason="receive-timeout"\} 0/);
    expect(text).toMatch(/onceline_ingress_updates_total\{kind="subscription"\} 0/);
    expect(text).toMatch(/onceline_ingress_in_flight_requests 0/);
    expect(text).toMatch(/onceline_ingress_in_flight_bytes 0/);
    expect(text).toMatch(/onceline_ingress_broker_failing 0/);
    expect(text).toMatch(/onceline_ingress_bots\{watched="false"\} 2/);
    expect(text).toMatch(/onceline_ingress_ack_seconds_bucket\{le="0.1"\} [1-9]/);
    for (const secret of BOTS.flatMap(({ secrets }) => secrets)) expect(text).not.toContain(`"${secret}"`);
  });

  it('a start on topics that are not as declared is refused with the command that mends them', async () => {
    await expect(harness.ingress({ PARTITIONS: '5' })).rejects.toThrow(/telegram\.updates\.raw[^]*npm run provision/);
  });
});

/** Produce requests leave their mark: each is one record batch of its partition's log. */
function batchesInLog(): number {
  const logs = readdirSync(harness.folder, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.includes(`${TOPICS.raw}-`) && path.endsWith('.log'),
  );
  return logs.map((path) => readFileSync(join(harness.folder, path))).reduce((sum, log) => sum + countBatches(log), 0);
}

function countBatches(log: Buffer): number {
  let batches = 0;
  // Base offset (8 bytes), length of the rest (4 bytes), the rest; the file may be longer than what is written.
  for (let at = 0; at + 12 <= log.length && log.readInt32BE(at + 8) > 0; at += 12 + log.readInt32BE(at + 8))
    batches += 1;
  return batches;
}
