import { ConnectionRamp, type RampInput } from './connection-ramp.js';

/** Plays a ramp to which the queues are loaded at once, and returns when the given number of connections was open. */
function secondsUntil(count: number, input: Omit<RampInput, 'now' | 'connections'>): number {
  const ramp = new ConnectionRamp();
  let connections = 0;
  let now = 1000;
  while (connections < count) {
    const { open, lookAgainAt } = ramp.decide({ ...input, now, connections });
    connections += open;
    if (connections >= count) break;
    if (lookAgainAt === undefined) return Infinity;
    now = lookAgainAt;
  }
  return now - 1000;
}

const busy = { loadedQueues: 80, maxConnections: 40 };

describe('the connection ramp', () => {
  it('opens ten at once and then twenty a second while updates are acknowledged', () => {
    const active = { ...busy, lastSuccess: 999 };
    expect(secondsUntil(10, active)).toBe(0);
    expect(secondsUntil(11, active)).toBeCloseTo(0.05);
    expect(secondsUntil(40, active)).toBeCloseTo(1.5);
  });

  it('never opens more than allowed or than there are queues', () => {
    expect(secondsUntil(41, { ...busy, lastSuccess: 999 })).toBe(Infinity);
    expect(secondsUntil(4, { loadedQueues: 3, maxConnections: 40, lastSuccess: 999 })).toBe(Infinity);
  });

  it('wants a single connection when nothing was acknowledged for ten seconds', () => {
    expect(secondsUntil(1, { ...busy, lastSuccess: undefined })).toBe(0);
    expect(secondsUntil(2, { ...busy, lastSuccess: undefined })).toBe(Infinity);
    expect(secondsUntil(2, { ...busy, lastSuccess: 990 })).toBe(Infinity);
    expect(secondsUntil(2, { ...busy, lastSuccess: 990.1 })).toBe(0);
  });

  it('tries a dead receiver every two seconds', () => {
    const ramp = new ConnectionRamp();
    const attempt = (now: number) => ramp.decide({ ...busy, lastSuccess: undefined, connections: 0, now });
    expect(attempt(0)).toEqual({ open: 1, lookAgainAt: undefined });
    expect(attempt(0.1)).toEqual({ open: 0, lookAgainAt: 2 });
    expect(attempt(2).open).toBe(1);
  });

  it('keeps one connection while active, none when idle', () => {
    const idle = { loadedQueues: 0, maxConnections: 40 };
    expect(secondsUntil(1, { ...idle, lastSuccess: 999 })).toBe(0);
    expect(secondsUntil(1, { ...idle, lastSuccess: undefined })).toBe(Infinity);
  });
});
