import fc from 'fast-check';
import { Lane, Lanes, takeParcels, type Sending } from './lanes.js';

const entry = (id: number, bytes = 10, deadline = id): Sending => ({
  record: { key: null, value: Buffer.from(`${id}`), timestamp: id },
  bytes,
  deadline,
  settled: false,
  resolve: () => undefined,
  reject: () => undefined,
});
const idOf = (sending: Sending) => sending.record.timestamp;
const LIMITS = { records: 5, bytes: 100 };

describe('a lane', () => {
  it('hands out every record once, in order, within the limits, whatever fails in between', () => {
    const step = fc.oneof(
      fc.record({ push: fc.integer({ min: 1, max: 150 }) }),
      fc.record({ fails: fc.boolean() }),
      fc.record({ expire: fc.nat(20) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const lane = new Lane({ topic: 't', partition: 0 });
        const all: Sending[] = [];
        const sent: Sending[] = [];
        const takeOnce = (fails: boolean) => {
          const batch = lane.take(LIMITS);
          expect(batch.length).toBeLessThanOrEqual(LIMITS.records);
          if (batch.length > 1) expect(batch.reduce((sum, e) => sum + e.bytes, 0)).toBeLessThanOrEqual(LIMITS.bytes);
          if (fails) lane.putBack(batch);
          else
            for (const e of batch) {
              e.settled = true;
              sent.push(e);
            }
        };
        for (const it of steps) {
          if ('push' in it) {
            all.push(entry(all.length, it.push));
            lane.push(all.at(-1)!);
          } else if ('expire' in it) {
            const victim = all[it.expire];
            if (victim !== undefined && !victim.settled) victim.settled = true;
          } else takeOnce(it.fails);
        }
        while (lane.size > 0) takeOnce(false);
        expect(sent.map(idOf)).toEqual([...sent].map(idOf).sort((a, b) => a - b));
        expect(new Set(sent).size).toBe(sent.length);
        expect(all.every((e) => e.settled)).toBe(true);
      }),
    );
  });

  it('sends a record over the limit alone instead of never', () => {
    const lane = new Lane({ topic: 't', partition: 0 });
    for (const bytes of [10, 500, 10]) lane.push(entry(lane.size, bytes));
    expect([lane.take(LIMITS), lane.take(LIMITS), lane.take(LIMITS)].map((batch) => batch.map(idOf))).toEqual([
      [0],
      [1],
      [2],
    ]);
  });

  it('names what has no answer yet, on the wire and waiting', () => {
    const lane = new Lane({ topic: 't', partition: 0 });
    for (let i = 0; i < 4; i++) lane.push(entry(i));
    lane.inFlight = lane.take({ records: 2, bytes: 100 });
    lane.inFlight[0]!.settled = true;
    expect([...lane.unsettled()].map(idOf)).toEqual([1, 2, 3]);
  });
});

describe('all lanes', () => {
  it('are ready when they are idle and due, the longest waiting first', () => {
    const lanes = new Lanes();
    lanes.lane('a', 0).push(entry(1));
    lanes.lane('a', 1).push(entry(0));
    lanes.lane('b', 0).push(entry(2));
    const ready = (now: number) => lanes.ready(now).map(({ target }) => `${target.topic}${target.partition}`);
    expect(ready(100)).toEqual(['a1', 'a0', 'b0']);
    lanes.lane('a', 1).inFlight = [entry(0)];
    expect(ready(100)).toEqual(['a0', 'b0']);
    lanes.lane('a', 0).notBefore = 150;
    expect(ready(100)).toEqual(['b0']);
    lanes.lane('b', 0).notBefore = 120;
    expect(ready(100)).toEqual([]);
    expect(lanes.nextRetryAt(100)).toBe(120);
    expect(ready(150)).toEqual(['a0', 'b0']);
  });
});

describe('a request', () => {
  it('holds batches in the order of the lanes, none of them empty, up to its bytes and one batch more', () => {
    const lanes = [0, 1, 2, 3].map((partition) => new Lane({ topic: 't', partition }));
    lanes.forEach((lane, i) => lane.push(entry(i, 40)));
    lanes[1]!.first()!.settled = true;
    const left = [...lanes];
    const taken = takeParcels(left, LIMITS, 60);
    expect(taken.map(({ lane, batch }) => [lane.target.partition, batch.map(idOf)])).toEqual([
      [0, [0]],
      [2, [2]],
    ]);
    expect(left).toEqual([lanes[3]]);
  });
});
