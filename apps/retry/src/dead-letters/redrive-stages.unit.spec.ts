import fc from 'fast-check';
import { LARGEST_BURST, nextStep, pace, stageEnds, stageOf, type StageCount } from './redrive-stages.js';

const canaries = fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 5 });

describe('stages', () => {
  it('of 1 → 10 → rest', () => {
    const ends = stageEnds([1, 10]);
    expect(ends).toEqual([1, 11]);
    expect([1, 2, 11, 12, 1000].map((position) => stageOf(position, ends))).toEqual([0, 1, 1, 2, 2]);
    expect(stageOf(1, stageEnds([]))).toBe(0);
  });

  it('hold as many as asked for, in order, and what is beyond is the last one', () => {
    fc.assert(
      fc.property(canaries, fc.integer({ min: 1, max: 300 }), (sizes, count) => {
        const ends = stageEnds(sizes);
        const stages = Array.from({ length: count }, (_, index) => stageOf(index + 1, ends));
        expect(stages).toEqual([...stages].sort((a, b) => a - b));
        let left = count;
        for (const [stage, size] of sizes.entries()) {
          expect(stages.filter((of) => of === stage)).toHaveLength(Math.min(size, left));
          left -= Math.min(size, left);
        }
        expect(stages.filter((of) => of === sizes.length)).toHaveLength(left);
      }),
    );
  });
});

interface Played {
  readonly sent: number[];
  readonly ended: 'stop' | 'finish';
  readonly counts: StageCount[];
}

/** Plays a redrive to its end: each record sent gets its outcome some steps later. */
function play(sizes: readonly number[], failing: readonly boolean[], delays: readonly number[]): Played {
  const ends = stageEnds(sizes);
  const records = failing.map((fails, index) => ({
    fails,
    stage: stageOf(index + 1, ends),
    sentAt: -1,
    state: 'waiting',
  }));
  const sent: number[] = [];
  for (let step = 0; ; step += 1) {
    for (const [index, record] of records.entries()) {
      const isDue = record.state === 'inFlight' && step >= record.sentAt + (delays[index % delays.length] ?? 0);
      if (isDue) record.state = record.fails ? 'failedAgain' : 'redriven';
    }
    const counts = countsOf(records);
    const next = nextStep(counts, sizes.length);
    if (next.type === 'stop' || next.type === 'finish') return { sent, ended: next.type, counts };
    if (next.type === 'wait') continue;
    const index = records.findIndex(({ state, stage }) => state === 'waiting' && stage === next.stage);
    records[index] = { ...records[index]!, state: 'inFlight', sentAt: step };
    sent.push(index);
  }
}

function countsOf(records: readonly { stage: number; state: string }[]): StageCount[] {
  return [...new Set(records.map(({ stage }) => stage))].map((stage) => {
    const count = (state: string) =>
      records.filter((record) => record.stage === stage && record.state === state).length;
    return { stage, waiting: count('waiting'), inFlight: count('inFlight'), failedAgain: count('failedAgain') };
  });
}

describe('the next step', () => {
  const played = fc.record({
    sizes: canaries,
    failing: fc.array(fc.boolean(), { minLength: 1, maxLength: 120 }),
    delays: fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 5 }),
  });

  it('always comes to an end, sends in order, and each record once', () => {
    fc.assert(
      fc.property(played, ({ sizes, failing, delays }) => {
        const { sent } = play(sizes, failing, delays);
        expect(sent).toEqual(sent.map((_, index) => index));
      }),
    );
  });

  it('begins a stage only after all canaries before it have lived', () => {
    fc.assert(
      fc.property(played, ({ sizes, failing, delays }) => {
        const { sent } = play(sizes, failing, delays);
        const ends = stageEnds(sizes);
        for (const index of sent) {
          const end = ends[stageOf(index + 1, ends) - 1] ?? 0;
          expect(failing.slice(0, end)).not.toContain(true);
        }
      }),
    );
  });

  it('finishes with nothing waiting, or stops with a dead canary and something left', () => {
    fc.assert(
      fc.property(played, ({ sizes, failing, delays }) => {
        const { ended, counts } = play(sizes, failing, delays);
        const waiting = counts.reduce((sum, count) => sum + count.waiting, 0);
        const canaryDied = counts.some(({ stage, failedAgain }) => stage < sizes.length && failedAgain > 0);
        if (ended === 'finish') expect(waiting).toBe(0);
        else expect([waiting > 0, canaryDied]).toEqual([true, true]);
      }),
    );
  });
});

describe('the pace', () => {
  it('never lets more go than the rate allows, over any stretch, and never stands still', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 1000, noNaN: true }),
        fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 2, maxLength: 200 }),
        (rate, waits) => {
          let now = 1_000_000;
          let pacedUntil = 0;
          let sent = 0;
          let lastBurst = 0;
          for (const wait of waits) {
            now += wait;
            const burst = pace(rate, now, pacedUntil);
            if (now >= pacedUntil) expect(burst.count).toBeGreaterThan(0);
            expect(burst.count).toBeLessThanOrEqual(LARGEST_BURST);
            pacedUntil = burst.pacedUntil;
            sent += burst.count;
            if (burst.count > 0) lastBurst = burst.count;
            // The last burst is ahead of its time; what went before it is not.
            expect(sent - lastBurst).toBeLessThanOrEqual(((now - 1_000_000) / 1000) * rate + 1e-6);
          }
        },
      ),
    );
  });
});
