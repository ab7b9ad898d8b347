import fc from 'fast-check';
import { Admission } from './admission.js';

describe('admission', () => {
  it('gives slots up to the limit and again after one is left', () => {
    const admission = new Admission({ maxRequests: 2, maxBytes: 100 });
    expect([admission.enter(), admission.enter(), admission.enter()]).toEqual(['open', 'open', 'full']);
    expect(admission.state).toBe('full');
    admission.leave();
    expect(admission.state).toBe('open');
    expect(admission.enter()).toBe('open');
  });

  it('grants bytes up to the limit exactly', () => {
    const admission = new Admission({ maxRequests: 1, maxBytes: 10 });
    expect(admission.hold(7)).toBe(true);
    expect(admission.hold(4)).toBe(false);
    expect(admission.hold(3)).toBe(true);
    expect(admission.state).toBe('full');
    admission.release(10);
    expect(admission.bytes).toBe(0);
  });

  it('lets a body that filled the memory take its slot', () => {
    const admission = new Admission({ maxRequests: 1, maxBytes: 10 });
    admission.hold(10);
    expect(admission.enter()).toBe('open');
  });

  it('lets nobody in while draining', () => {
    const admission = new Admission({ maxRequests: 2, maxBytes: 100 });
    admission.drain();
    expect(admission.state).toBe('draining');
    expect(admission.enter()).toBe('draining');
    expect(admission.requests).toBe(0);
  });

  it('never counts more than its limits, whatever comes', () => {
    const step = fc.oneof(
      fc.record({ take: fc.constant('slot' as const) }),
      fc.record({ take: fc.constant('bytes' as const), bytes: fc.nat(60) }),
      fc.record({ take: fc.constant('nothing' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const admission = new Admission({ maxRequests: 3, maxBytes: 100 });
        const held: number[] = [];
        for (const one of steps) {
          if (one.take === 'slot') admission.enter();
          else if (one.take === 'bytes' && admission.hold(one.bytes)) held.push(one.bytes);
          else if (one.take === 'nothing') admission.release(held.pop() ?? 0);
          expect(admission.requests).toBeLessThanOrEqual(3);
          expect(admission.bytes).toBe(held.reduce((sum, bytes) => sum + bytes, 0));
          expect(admission.bytes).toBeLessThanOrEqual(100);
        }
      }),
    );
  });
});
