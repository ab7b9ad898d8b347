// The bytes of a request, the faults on demand, and a whole run.
import { Stage, answer, clock, ok, tolerance, update } from './scripted-receiver.spec.js';
import { createTelegramSimulator } from './simulator.js';

const stage = new Stage();
beforeEach(() => stage.open());
afterEach(() => stage.close());

describe('the request', () => {
  it('has Telegram’s headers in Telegram’s order and the bytes of the update', async () => {
    stage.play().push('42', update(5));
    await stage.telegram.run();
    const body = '{"update_id":5,\n"message":{"message_id":1,"text":"\\u043f\\u0440\\u0438\\u0432\\u0435\\u0442"}}';
    expect(stage.receiver.requests[0]?.body).toBe(body);
    expect(stage.receiver.requests[0]?.head.split('\r\n')).toEqual([
      'POST /telegram/42?a=b HTTP/1.1',
      `Host: 127.0.0.1:${stage.receiver.port}`,
      'X-Telegram-Bot-Api-Secret-Token: the_secret-1',
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      'Connection: keep-alive',
      'Accept-Encoding: gzip, deflate',
      '',
      '',
    ]);
  });

  it('is repeated byte for byte', async () => {
    stage.inTurn(answer('500 Oops'), answer('502 Bad Gateway'));
    stage.play().push('42', update(5));
    await stage.telegram.run();
    const [first, ...repeats] = stage.receiver.requests.map(({ head, body }) => head + body);
    expect(repeats).toEqual([first, first]);
  });
});

describe('faults on demand', () => {
  it('drops an answer: the receiver has the update, Telegram sends it again', async () => {
    stage.play().push('42', update(1), { faults: ['drop-answer'] });
    expect(await stage.telegram.run()).toMatchObject({
      acknowledged: 1,
      attempts: 2,
      byStatus: { 'answer-dropped': 1, 200: 1 },
    });
    expect(new Set(stage.receiver.requests.map(({ body }) => body)).size).toBe(1);
    expect(stage.sent()).toEqual([1, 1]);
  });

  it('takes an answer for late: the copy comes after 60 s', async () => {
    stage.play().push('42', update(1), { faults: ['late-answer'] });
    expect(await stage.telegram.run()).toMatchObject({
      acknowledged: 1,
      attempts: 2,
      byStatus: { timeout: 1, 200: 1 },
    });
    expect(stage.took(0)).toBeGreaterThanOrEqual(59.9);
    expect(stage.waitAfter(0)).toBeLessThan(tolerance);
  });

  it('has two copies in flight at the same moment', async () => {
    const unanswered: (() => void)[] = [];
    stage.receiver.script = (_, socket) => {
      // Neither is answered before both are there.
      unanswered.push(() => socket.write(ok));
      if (unanswered.length === 2) unanswered.forEach((respond) => respond());
    };
    stage.play().push('42', update(1), { faults: ['duplicate-in-flight'] });
    expect(await stage.telegram.run()).toMatchObject({
      acknowledged: 1,
      attempts: 1,
      duplicatesSent: 1,
      duplicatesAcknowledged: 1,
    });
    expect(stage.receiver.requests[0]?.body).toBe(stage.receiver.requests[1]?.body);
    expect(stage.receiver.requests[0]?.connection).not.toBe(stage.receiver.requests[1]?.connection);
  });

  it('sends a copy some time after the acknowledgement', async () => {
    stage.play().push('42', update(1), { faults: ['duplicate-later'] });
    expect(await stage.telegram.run()).toMatchObject({ acknowledged: 1, duplicatesSent: 1, duplicatesPending: 0 });
    expect(stage.sent()).toEqual([1, 1]);
  });

  it('draws faults from the seed', async () => {
    const copies = async (seed: number): Promise<number[]> => {
      stage.receiver.requests.length = 0;
      stage.play({ seed, faults: { 'duplicate-in-flight': 0.3 } });
      for (let id = 1; id <= 60; id++) stage.telegram.push('42', update(id));
      await stage.telegram.run();
      stage.telegram.stop();
      return stage
        .sent()
        .filter((id, index, all) => all.indexOf(id) !== index)
        .sort((a, b) => a - b);
    };
    const first = await copies(5);
    expect(first.length).toBeGreaterThan(5);
    expect(await copies(5)).toEqual(first);
    expect(await copies(6)).not.toEqual(first);
  });

  it('sends everything un-acknowledged again after a restart, and forgets back-off', async () => {
    stage.receiver.script = ({ updateId }) => (updateId === 1 ? ok : answer('503 Busy', 'Retry-After: 3000'));
    stage.play();
    for (let id = 1; id <= 5; id++) stage.telegram.push('42', update(id));
    await stage.telegram.run({ until: ({ byStatus }) => byStatus['503'] === 4 });
    stage.receiver.script = () => ok;
    stage.telegram.restart();
    expect(await stage.telegram.run()).toMatchObject({ acknowledged: 5, pending: 0 });
    expect(stage.sent().slice(5).sort()).toEqual([2, 3, 4, 5]);
  });
});

describe('a run', () => {
  it('can be stopped with updates in flight, and goes on with them after the next start', async () => {
    stage.receiver.script = () => undefined;
    stage.play();
    [1, 2, 3].forEach((id) => stage.telegram.push('42', update(id)));
    await stage.telegram.run({ until: () => stage.sent().length === 1 });
    stage.telegram.stop();
    expect(stage.telegram.stats()).toMatchObject({ pending: 3, acknowledged: 0 });
    stage.receiver.script = () => ok;
    expect(await stage.telegram.run()).toMatchObject({ pending: 0, acknowledged: 3 });
  });

  it('hands updates over at the given rate', async () => {
    stage.play();
    const updates = Array.from({ length: 100 }, (_, index) => ({ ...update(index + 1), botId: '42' }));
    const startedAt = clock.now();
    await stage.telegram.run({ updates, rate: 2 });
    expect(clock.now() - startedAt).toBeGreaterThanOrEqual(49_000);
  });

  it('keeps no more pending than allowed when it goes as fast as acknowledged', async () => {
    stage.play();
    let most = 0;
    stage.receiver.script = () => {
      most = Math.max(most, stage.telegram.stats().pending);
      return ok;
    };
    const updates = Array.from({ length: 500 }, (_, index) => ({ ...update(index + 1), botId: '42' }));
    expect(await stage.telegram.run({ updates, maxPending: 20 })).toMatchObject({ delivered: 500, acknowledged: 500 });
    expect(most).toBeLessThanOrEqual(20);
  });

  it.each([
    [{ id: '1', url: 'nowhere' }, /not an http or https address/],
    [{ id: '1', url: 'http://x', secret: 'ä' }, /secret has to be/],
    [{ id: '1', url: 'http://x', maxConnections: 0 }, /maxConnections is 0/],
    [{ id: '1', url: `http://x/${'y'.repeat(4096)}` }, /request head would exceed/],
  ])('refuses the bot %j', (bot, message) => {
    stage.play();
    expect(() => createTelegramSimulator({ seed: 1, bots: [bot] })).toThrow(message);
  });
});
