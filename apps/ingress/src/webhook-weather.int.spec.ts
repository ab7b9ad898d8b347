import { setTimeout as sleep } from 'node:timers/promises';
import { TOPICS } from '@onceline/contracts';
import { eventually } from '@onceline/testing';
import { IngressHarness, messageUpdate, metric, untilHeld, untilInFlight } from './ingress-harness.spec.js';
import { postBytes, postHead, type RawAnswer } from './raw-client.spec.js';

let harness: IngressHarness;

beforeAll(async () => (harness = await IngressHarness.start()), 120_000);
afterEach(async () => harness.quiet(), 60_000);
afterAll(async () => harness?.stop(), 60_000);

const RECEIVE_TIMEOUT_MS = 1_000;
/** What would end the wait without the setting of the spec. */
const DEFAULT_RECEIVE_TIMEOUT_MS = 10_000;
const DEFAULT_PRODUCE_TIMEOUT_MS = 5_000;
/** What would end a stop, were it held up. */
const longLimits = { SHUTDOWN_TIMEOUT_MS: '40000', RECEIVE_TIMEOUT_MS: '30000' };
const slowLimits = { RECEIVE_TIMEOUT_MS: String(RECEIVE_TIMEOUT_MS) };

function expectComeAgain(
  answer: RawAnswer,
  status: 429 | 503,
  connection: 'keep-alive' | 'close' = 'keep-alive',
): void {
  expect(answer.status).toBe(status);
  expect(answer.headers['retry-after']).toMatch(/^[123]$/);
  expect(answer.headers['content-length']).toBe('0');
  expect(answer.headers['content-type']).toBeUndefined();
  expect(answer.headers['connection']).toBe(connection);
}

describe('a slow sender', () => {
  it.each([
    ['nothing at all', ''],
    ['half a head', 'POST /telegram/1000001 HTTP/1.1\r\nHost: x\r\n'],
    ['half a body', postHead(100) + '{"update_id":'],
  ])('of %s is cut off in time with a 408, and its bytes are let go', async (_what, start) => {
    const ingress = await harness.ingress(slowLimits);
    const client = await harness.connect(ingress);
    const startedAt = Date.now();
    client.write(start);
    // Dripping does not extend the time.
    const drip = setInterval(() => client.isOpen && start !== '' && client.write('x'), 100);
    const answer = await client.answer();
    const rest = await client.closed();
    clearInterval(drip);
    expect(Date.now() - startedAt).toBeLessThan(DEFAULT_RECEIVE_TIMEOUT_MS);
    expect(answer.statusLine).toBe('HTTP/1.1 408 Request Timeout');
    expect(answer.headers).toEqual({ 'content-length': '0', connection: 'close' });
    expect(rest).toBe('');
    expect(await metric('onceline_ingress_in_flight_bytes')).toBe(0);
    expect(await metric('onceline_ingress_rejected_total', { reason: 'receive-timeout' })).toBe(1);
  });

  it('does not take a slot from those who send', async () => {
    const ingress = await harness.ingress({ ...slowLimits, MAX_IN_FLIGHT_REQUESTS: '1' });
    for (let n = 0; n < 20; n += 1) (await harness.connect(ingress)).write(postHead(100) + '{"update_id":');
    await untilHeld(20 * 13);
    expect((await harness.post(ingress, messageUpdate().json)).status).toBe(200);
  });

  it('that was refused before its body gets no second answer', async () => {
    const ingress = await harness.ingress(slowLimits);
    const client = await harness.connect(ingress);
    client.write(postHead(100, { secret: 'wrong' }) + '{');
    expect((await client.answer()).status).toBe(401);
    expect(await client.closed()).toBe('');
  });

  it('that goes away is counted and forgotten', async () => {
    const ingress = await harness.ingress();
    const client = await harness.connect(ingress);
    client.write(postHead(100) + '{"update_id":');
    await untilHeld(13);
    client.destroy();
    await untilHeld(0);
    expect(await metric('onceline_ingress_requests_total', { outcome: 'broken-off' })).toBe(1);
  });
});

describe('with the broker standing still', () => {
  it('sheds what is above the limits of requests and of bytes with 429, and answers 503 in time', async () => {
    const ingress = await harness.ingress({ PRODUCE_TIMEOUT_MS: '1500', MAX_IN_FLIGHT_REQUESTS: '2' });
    const clients = [await harness.connect(ingress), await harness.connect(ingress)];
    const goOn = await harness.freezeBroker();
    try {
      const startedAt = Date.now();
      for (const client of clients) client.write(postBytes(messageUpdate().json));
      await untilInFlight(2);
      expectComeAgain(await harness.post(ingress, messageUpdate().json), 429);
      for (const client of clients) expectComeAgain(await client.answer(), 503);
      expect(Date.now() - startedAt).toBeLessThan(DEFAULT_PRODUCE_TIMEOUT_MS);
      expect(await metric('onceline_ingress_in_flight_requests')).toBe(0);
      expect(await metric('onceline_ingress_in_flight_bytes')).toBe(0);
    } finally {
      await goOn();
    }
  });

  it('sheds by bytes', async () => {
    const ingress = await harness.ingress({ MAX_IN_FLIGHT_BYTES: String(1024 * 1024), PRODUCE_TIMEOUT_MS: '5000' });
    const big = `{"update_id":${messageUpdate().id},"message":{"text":"${'x'.repeat(700_000)}"}}`;
    const first = await harness.connect(ingress);
    const goOn = await harness.freezeBroker();
    try {
      first.write(postBytes(big));
      await untilInFlight(1);
      expectComeAgain(await harness.post(ingress, big), 429);
    } finally {
      await goOn();
    }
    expect((await first.answer()).status).toBe(200);
    expect((await harness.post(ingress, messageUpdate().json)).status).toBe(200);
  });
});

describe('with the broker killed', () => {
  it('answers 503 in time, malformed bodies too, says so in readiness, and recovers by itself', async () => {
    const ingress = await harness.ingress({ PRODUCE_TIMEOUT_MS: '1000' });
    const client = await harness.connect(ingress);
    client.write(postBytes(messageUpdate().json));
    expect((await client.answer()).status).toBe(200);

    await harness.stack.kafka.kill();
    const startedAt = Date.now();
    client.write(postBytes(messageUpdate().json));
    expectComeAgain(await client.answer(), 503);
    expect(Date.now() - startedAt).toBeLessThan(DEFAULT_PRODUCE_TIMEOUT_MS);
    client.write(postBytes('no json'));
    expectComeAgain(await client.answer(), 503);

    const ready = await fetch(`${ingress.url}/health/ready`);
    expect(ready.status).toBe(503);
    expect(await ready.text()).toContain('kafka');
    expect(await metric('onceline_ingress_broker_failing')).toBe(1);
    expect((await fetch(`${ingress.url}/health/live`)).status).toBe(200);

    await harness.stack.kafka.start();
    // Without traffic, which an unready process does not get.
    await eventually(async () => expect((await fetch(`${ingress.url}/health/ready`)).status).toBe(200), {
      withinMs: 20_000,
    });
    expect(await metric('onceline_ingress_broker_failing')).toBe(0);
    const { json } = messageUpdate();
    await eventually(async () => expect((await harness.post(ingress, json)).status).toBe(200));
    const stored = (await harness.records(TOPICS.raw)).filter(({ value }) => value?.toString() === json);
    expect(stored.length).toBeGreaterThanOrEqual(1);
  }, 90_000);
});

describe('the stop', () => {
  it('answers what is in flight with 200, what is new or half here with 503, closes each connection, then is gone', async () => {
    const ingress = await harness.ingress();
    const [inFlight, half, idle, next] = await Promise.all([1, 2, 3, 4].map(() => harness.connect(ingress)));
    if (!inFlight || !half || !idle || !next) throw new Error('four connections');
    const { json } = messageUpdate();
    idle.write(postBytes(messageUpdate().json));
    expect((await idle.answer()).status).toBe(200);
    half.write(postHead(100) + '{"update_id":');
    const goOn = await harness.freezeBroker();
    let stopped: Promise<void>;
    try {
      inFlight.write(postBytes(json));
      await untilInFlight(1);
      stopped = ingress.stop();
      expectComeAgain(await half.answer(), 503, 'close');
      next.write(postBytes(messageUpdate().json));
      expectComeAgain(await next.answer(), 503, 'close');
      expect(await next.closed()).toBe('');
      await sleep(200);
      expect(inFlight.isOpen).toBe(true);
    } finally {
      await goOn();
    }
    const answer = await inFlight.answer();
    expect(answer.statusLine).toBe('HTTP/1.1 200 OK');
    expect(answer.headers['connection']).toBe('close');
    expect(await inFlight.closed()).toBe('');
    await stopped;
    expect(await idle.closed()).toBe('');
    await expect(harness.connect(ingress)).rejects.toThrow(/ECONNREFUSED/);
    expect((await harness.records(TOPICS.raw)).filter(({ value }) => value?.toString() === json)).toHaveLength(1);
  });

  it('is not held up by one who sent three requests at once and went away, nor are their bytes kept', async () => {
    const ingress = await harness.ingress(longLimits);
    const gone = await harness.connect(ingress);
    const goOn = await harness.freezeBroker();
    let stopped: Promise<void>;
    try {
      const whole = postBytes(messageUpdate().json);
      gone.write(Buffer.concat([whole, whole, Buffer.from(postHead(100) + '{"update_id":')]));
      await untilInFlight(2);
      gone.destroy();
      await eventually(async () =>
        expect(await metric('onceline_ingress_requests_total', { outcome: 'broken-off' })).toBe(1),
      );
      stopped = ingress.stop();
      await sleep(100);
    } finally {
      await goOn();
    }
    const startedAt = Date.now();
    await stopped;
    expect(Date.now() - startedAt).toBeLessThan(15_000);
    expect(await metric('onceline_ingress_in_flight_bytes')).toBe(0);
    expect(await metric('onceline_ingress_requests_total', { outcome: 'accepted' })).toBe(2);
  });

  it('is not held up by connections that are owed nothing: silent ones, and one with half a head', async () => {
    const ingress = await harness.ingress(longLimits);
    const silent = await harness.connect(ingress);
    const half = await harness.connect(ingress);
    half.write('POST /telegram/1000001 HTTP/1.1\r\nHost: x\r\n');
    await sleep(100);
    const startedAt = Date.now();
    await ingress.stop();
    expect(Date.now() - startedAt).toBeLessThan(15_000);
    expect(await silent.closed()).toBe('');
    expect(await half.closed()).toBe('');
  });

  it('answers 503 when the broker does not come back in time', async () => {
    const ingress = await harness.ingress({ PRODUCE_TIMEOUT_MS: '1000' });
    const client = await harness.connect(ingress);
    const goOn = await harness.freezeBroker();
    let stopped: Promise<void>;
    try {
      client.write(postBytes(messageUpdate().json));
      await untilInFlight(1);
      stopped = ingress.stop();
      expectComeAgain(await client.answer(), 503, 'close');
    } finally {
      await goOn();
    }
    await stopped;
  });
});
