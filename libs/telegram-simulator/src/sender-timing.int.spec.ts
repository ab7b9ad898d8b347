// When Telegram’s sender sends, waits, gives up and repeats, and what it sends side by side.
import { acceleratedClock } from './clock.js';
import { Stage, answer, clock, eventually, ok, tolerance, update } from './scripted-receiver.spec.js';

const stage = new Stage();
beforeEach(() => stage.open());
afterEach(() => stage.close());

describe('time', () => {
  it('gives up on an answer after 60 s and repeats at once, dripping bytes or not', async () => {
    stage.inTurn(
      () => undefined,
      (_, socket) => {
        const drip = setInterval(() => socket.destroyed || socket.write('H'), 100);
        socket.once('close', () => clearInterval(drip));
      },
    );
    stage.play().push('42', update(1));
    expect(await stage.telegram.run()).toMatchObject({
      acknowledged: 1,
      attempts: 3,
      byStatus: { timeout: 2, 200: 1 },
    });
    for (const attempt of [0, 1]) {
      expect(stage.took(attempt)).toBeGreaterThanOrEqual(59.9);
      expect(stage.took(attempt)).toBeLessThan(60 + tolerance);
    }
    expect(stage.waitAfter(0)).toBeLessThan(tolerance);
    expect(stage.waitAfter(1)).toBeGreaterThanOrEqual(2);
    expect(stage.lastError()).toBe('Read timeout expired');
  });

  it('closes an idle connection after 60 s', async () => {
    stage.play().push('42', update(1));
    await stage.telegram.run();
    await eventually(() => stage.receiver.closedAt.length > 0);
    const idle = (stage.receiver.closedAt[0] ?? NaN) - (stage.attempts[0]?.endedAt ?? NaN) / 1000;
    expect(idle).toBeGreaterThanOrEqual(59.9);
    expect(idle).toBeLessThan(60 + tolerance);
  });

  it('gives a request 60 s of its own, however long the connection was idle', async () => {
    const slower = acceleratedClock(40);
    stage.play({ clock: slower }).push('42', update(1));
    await stage.telegram.run();
    const quietUntil = slower.now() + 45_000;
    await eventually(() => slower.now() >= quietUntil);
    stage.receiver.script = (_, socket) => void setTimeout(() => socket.write(ok), 30_000 / 40);
    stage.telegram.push('42', { ...update(2), expiresAt: Infinity });
    expect(await stage.telegram.run()).toMatchObject({ acknowledged: 2, attempts: 2 });
    expect(stage.receiver.connections).toBe(1);
    expect(stage.took(1)).toBeGreaterThan(29);
  });

  it('repeats after 0, 2, 4, 8, 16 seconds', async () => {
    stage.inTurn(...Array.from({ length: 5 }, () => answer('500 Oops')));
    stage.play().push('42', update(1));
    await stage.telegram.run();
    [0, 2, 4, 8, 16].forEach((expected, failure) => {
      expect(stage.waitAfter(failure)).toBeGreaterThanOrEqual(expected);
      expect(stage.waitAfter(failure)).toBeLessThan(expected + tolerance);
    });
  });

  it('waits as long as Retry-After says, and not for a date', async () => {
    stage.inTurn(
      answer('503 Busy', 'Retry-After: 30'),
      answer('429 Slow', 'Retry-After: Wed, 21 Oct 2026 07:28:00 GMT'),
    );
    stage.play().push('42', update(1));
    await stage.telegram.run();
    expect(stage.waitAfter(0)).toBeGreaterThanOrEqual(30);
    expect(stage.waitAfter(0)).toBeLessThan(30 + tolerance);
    expect(stage.waitAfter(1)).toBeGreaterThanOrEqual(2);
    expect(stage.waitAfter(1)).toBeLessThan(2 + tolerance);
  });

  it('drops a short-lived update at once when Retry-After outlives it, and goes on', async () => {
    stage.inTurn(answer('429 Too Many Requests', 'Retry-After: 60'));
    stage.play().push('42', update(1, 7, 30));
    stage.telegram.push('42', update(2, 7));
    expect(await stage.telegram.run()).toMatchObject({ acknowledged: 1, dropped: 1, attempts: 2, pending: 0 });
  });

  it('meets a dead receiver with half an attempt a second', async () => {
    stage.receiver.script = (_, socket) => void socket.end();
    stage.play();
    for (let id = 1; id <= 30; id++) stage.telegram.push('42', update(id));
    await stage.telegram.run({ until: () => stage.attempts.length >= 16 });
    // Every attempt needs a connection of its own, and one may be opened every two seconds: 30 s, or a little less if the first was late.
    const seconds = ((stage.attempts[15]?.sentAt ?? NaN) - (stage.attempts[0]?.sentAt ?? NaN)) / 1000;
    expect(seconds).toBeGreaterThan(20);
    expect(seconds).toBeLessThan(30 + tolerance);
  });
});

describe('parallelism', () => {
  it('takes in about 20 updates a second when each answer closes its connection', async () => {
    const clock = acceleratedClock(10);
    stage.receiver.script = () => answer('200 OK', 'Connection: close');
    stage.play({ clock });
    for (let id = 1; id <= 110; id++) stage.telegram.push('42', { ...update(id), expiresAt: Infinity });
    const startedAt = clock.now();
    expect(await stage.telegram.run()).toMatchObject({ acknowledged: 110, attempts: 110 });
    // The first ten at once, then twenty a second.
    expect(clock.now() - startedAt).toBeGreaterThanOrEqual(4500);
    expect(clock.now() - startedAt).toBeLessThan(4500 + tolerance * 1000);
  });

  it('uses the connection that has been free longest', async () => {
    stage.play({ warm: true });
    [1, 2, 3].forEach((id) => stage.telegram.push('42', update(id)));
    await stage.telegram.run();
    for (let id = 4; id <= 9; id++) {
      stage.telegram.push('42', update(id));
      await stage.telegram.run();
    }
    const used = stage.receiver.requests.slice(3).map(({ connection }) => connection);
    expect(new Set(used).size).toBe(3);
    expect(used.slice(3)).toEqual(used.slice(0, 3));
  });

  it('never has two updates of one chat under way, nor two requests on one connection', async () => {
    const open = new Set<number>();
    const busy = new Set<number>();
    let most = 0;
    stage.receiver.script = ({ updateId, connection }, socket) => {
      const chat = updateId % 7;
      expect(open.has(chat)).toBe(false);
      expect(busy.has(connection)).toBe(false);
      open.add(chat);
      busy.add(connection);
      most = Math.max(most, open.size);
      setTimeout(() => {
        open.delete(chat);
        busy.delete(connection);
        socket.write(ok);
      }, 3);
    };
    stage.play();
    for (let id = 1; id <= 210; id++) stage.telegram.push('42', update(id, id % 7));
    expect(await stage.telegram.run()).toMatchObject({ acknowledged: 210, attempts: 210 });
    expect(most).toBe(7);
    for (let chat = 0; chat < 7; chat++) {
      const ids = stage.sent().filter((id) => id % 7 === chat);
      expect(ids).toEqual([...ids].sort((a, b) => a - b));
    }
  });

  it('is stalled by 2 × max_connections failing chats, and not by one less', async () => {
    stage.receiver.script = ({ updateId }) => (updateId < 90 ? answer('500 Poison', 'Retry-After: 3000') : ok);
    const poisoned = async (chats: number): Promise<number> => {
      stage.play({ maxConnections: 2 });
      for (let id = 1; id <= chats; id++) stage.telegram.push('42', update(id));
      for (let id = 90; id < 95; id++) stage.telegram.push('42', update(id));
      const startedAt = clock.now();
      const { acknowledged } = await stage.telegram.run({ until: () => clock.now() - startedAt > 30_000 });
      stage.telegram.stop();
      return acknowledged;
    };
    expect(await poisoned(3)).toBe(5);
    expect(await poisoned(4)).toBe(0);
  });
});
