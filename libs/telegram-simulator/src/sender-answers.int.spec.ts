// What each kind of answer does to the update, to the connection and to getWebhookInfo.
import { Stage, answer, clock, ok, tolerance, update } from './scripted-receiver.spec.js';

const stage = new Stage();
beforeEach(() => stage.open());
afterEach(() => stage.close());

describe('what an answer does to the update and the connection', () => {
  it.each(['200 OK', '201 Created', '204 No Content', '299 Strange'])(
    '%s acknowledges it and keeps the connection',
    async (status) => {
      stage.inTurn(answer(status));
      stage.play({ maxConnections: 1 }).push('42', update(1));
      stage.telegram.push('42', update(2));
      const stats = await stage.telegram.run();
      expect(stats).toMatchObject({ acknowledged: 2, attempts: 2, pending: 0 });
      expect(stage.receiver.connections).toBe(1);
      expect(stage.lastError()).toBeUndefined();
    },
  );

  it.each([
    '301 Moved Permanently',
    '307 Temporary Redirect',
    '400 Bad Request',
    '401 Unauthorized',
    '403 Forbidden',
    '404 Not Found',
    '429 Too Many Requests',
    '500 Internal Server Error',
    '503 Service Unavailable',
  ])('%s is repeated at once on the same connection, wherever it points', async (status) => {
    stage.inTurn(answer(status, `Location: http://127.0.0.1:${stage.receiver.port}/elsewhere`));
    stage.play().push('42', update(1));
    expect(await stage.telegram.run()).toMatchObject({ acknowledged: 1, attempts: 2 });
    expect(stage.waitAfter(0)).toBeLessThan(tolerance);
    expect(stage.receiver.connections).toBe(1);
    expect(stage.receiver.requests[1]?.head).toContain('POST /telegram/42?a=b ');
    expect(stage.telegram.webhookInfo('42')).toMatchObject({
      last_error_message: `Wrong response from the webhook: ${status}`,
    });
    expect(stage.telegram.webhookInfo('42').last_error_date).toBeGreaterThan(0);
  });

  it.each(['100 Continue', '102 Processing', '103 Early Hints'])(
    '%s fails it, and the 200 that follows acknowledges the next update on that connection',
    async (status) => {
      // The receiver answers update 1 only, and still update 2 is gone.
      stage.receiver.script = () =>
        stage.receiver.requests.length === 1 ? `HTTP/1.1 ${status}\r\n\r\n${ok}` : undefined;
      stage.play({ maxConnections: 1 }).push('42', update(1));
      stage.telegram.push('42', update(2));
      await stage.telegram.run({ until: () => stage.sent().length >= 3 });
      expect(stage.sent()).toEqual([1, 2, 1]);
      expect(stage.telegram.stats()).toMatchObject({
        acknowledged: 1,
        pending: 1,
        byStatus: { [status.slice(0, 3)]: 1, 200: 1 },
      });
    },
  );

  it('410 closes the connection and is repeated like any other', async () => {
    stage.inTurn(answer('410 Gone'));
    stage.play().push('42', update(1));
    expect(await stage.telegram.run()).toMatchObject({ acknowledged: 1, attempts: 2 });
    expect(stage.receiver.connections).toBe(2);
  });

  it('410 for more than 23 hours removes the webhook and keeps the updates', async () => {
    let ahead = 0;
    const late = { ...clock, now: () => clock.now() + ahead };
    stage.receiver.script = ({ updateId }) => {
      // The first failure comes at once; before the second is answered, most of a day goes by.
      if (updateId === 1 && stage.receiver.requests.length === 2) ahead = 23 * 3_600_000 + 1000;
      return answer('410 Gone');
    };
    stage.play({ clock: late }).push('42', update(1));
    const stats = await stage.telegram.run();
    expect(stats).toMatchObject({ attempts: 2, acknowledged: 0, pending: 1 });
    expect(stage.telegram.webhookInfo('42')).toMatchObject({ url: '', pending_update_count: 1 });
  });

  it('Connection: close and HTTP/1.0 cost a connection per update', async () => {
    stage.receiver.script = ({ updateId }) =>
      updateId === 1 ? answer('200 OK', 'Connection: close') : 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n';
    stage.play({ maxConnections: 1 });
    [1, 2, 3].forEach((id) => stage.telegram.push('42', update(id)));
    expect(await stage.telegram.run()).toMatchObject({ acknowledged: 3, attempts: 3 });
    expect(stage.receiver.requests.map(({ connection }) => connection)).toEqual([1, 2, 3]);
  });

  it('a clean close without an answer is repeated and leaves no error to see', async () => {
    stage.inTurn((_, socket) => void socket.end());
    stage.play().push('42', update(1));
    expect(await stage.telegram.run()).toMatchObject({ acknowledged: 1, attempts: 2, byStatus: { closed: 1, 200: 1 } });
    expect(stage.telegram.webhookInfo('42')).not.toHaveProperty('last_error_message');
  });

  it('a close in the middle of an answer is a failure too', async () => {
    stage.inTurn((_, socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel'));
    stage.play().push('42', update(1));
    expect(await stage.telegram.run()).toMatchObject({ acknowledged: 1, attempts: 2 });
  });

  it('a reset is repeated and leaves an error', async () => {
    stage.inTurn((_, socket) => void socket.resetAndDestroy());
    stage.play().push('42', update(1));
    expect(await stage.telegram.run()).toMatchObject({ acknowledged: 1, attempts: 2 });
    expect(stage.lastError()).toBe('Connection reset by peer');
  });

  it('a refused connection keeps the update and leaves an error', async () => {
    stage.play().push('42', update(1));
    await stage.receiver.close();
    const stats = await stage.telegram.run({ until: ({ attempts }) => attempts >= 2 });
    expect(stats).toMatchObject({ acknowledged: 0, pending: 1 });
    expect(stage.lastError()).toBe('Connection refused');
    expect(stage.telegram.webhookInfo('42').pending_update_count).toBe(1);
    await stage.receiver.listen();
  });
});

describe('framing traps', () => {
  const json = 'Content-Type: application/json';
  const big = 'x'.repeat(1024 * 1024 + 1);
  it.each([
    ['JSON above 1 MiB', `HTTP/1.1 200 OK\r\n${json}\r\nContent-Length: ${big.length}\r\n\r\n${big}`],
    [
      'empty multipart',
      'HTTP/1.1 200 OK\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 5\r\n\r\n--b--',
    ],
    ['brotli', 'HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\nOK'],
    ['a strange transfer encoding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nOK'],
  ])('%s fails in spite of its 200 and costs the connection', async (_, bytes) => {
    stage.inTurn(bytes);
    stage.play().push('42', update(1));
    expect(await stage.telegram.run()).toMatchObject({
      acknowledged: 1,
      attempts: 2,
      byStatus: { framing: 1, 200: 1 },
    });
    expect(stage.receiver.requests[1]?.connection).toBe(2);
  });

  it.each([
    ['broken JSON', `HTTP/1.1 200 OK\r\n${json}\r\nContent-Length: 3\r\n\r\n{"x`],
    ['text', 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nOK'],
    ['chunks', `HTTP/1.1 200 OK\r\n${json}\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`],
  ])('%s still acknowledges', async (_, bytes) => {
    stage.inTurn(bytes);
    stage.play().push('42', update(1));
    expect(await stage.telegram.run()).toMatchObject({ acknowledged: 1, attempts: 1 });
  });

  it.each([
    ['a body without Content-Length', 'HTTP/1.1 200 OK\r\n\r\nOK'],
    ['a status line without the last blank', 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nOK'],
  ])('%s spoils the next answer on that connection', async (_, bytes) => {
    stage.inTurn(bytes);
    stage.play({ maxConnections: 1 }).push('42', update(1));
    stage.telegram.push('42', update(2));
    expect(await stage.telegram.run()).toMatchObject({
      acknowledged: 2,
      attempts: 3,
      byStatus: { framing: 1, 200: 2 },
    });
    expect(stage.sent()).toEqual([1, 2, 2]);
  });
});
