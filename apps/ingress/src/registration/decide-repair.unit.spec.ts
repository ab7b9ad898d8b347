import fc from 'fast-check';
import {
  NO_REPAIRS,
  decideRepair,
  remembered,
  rememberedRepair,
  repaired,
  type RepairMemory,
} from './decide-repair.js';
import { DEVIATIONS, REGISTRATION_STATES, type Judgement } from './judge-registration.js';

const NOW = 1_790_000_000_000;
const lost: Judgement = { state: 'lost', differences: ['no URL is registered'] };
const drifted: Judgement = { state: 'drifted', differences: ['allowed_updates lacks subscription'] };
const registered: Judgement = { state: 'registered', differences: [] };
const seen = (judgement: Judgement, memory: RepairMemory = NO_REPAIRS, now = NOW) => remembered(memory, judgement, now);
const repairOf = (memory: RepairMemory, after: Judgement, now: number) =>
  rememberedRepair(repaired(memory, now), after);

describe('a repair', () => {
  it('is made when told to, and the deviation was seen twice running', () => {
    expect(decideRepair(lost, ['lost'], NO_REPAIRS, NOW)).toEqual({ repair: false, because: 'confirming' });
    expect(decideRepair(lost, ['lost'], seen(lost), NOW)).toEqual({ repair: true });
    expect(decideRepair(lost, ['foreign', 'drifted'], seen(lost), NOW)).toEqual({ repair: false, because: 'not-told' });
    expect(decideRepair(registered, DEVIATIONS, seen(lost), NOW)).toEqual({ repair: false, because: undefined });
  });

  it('is not repeated when it changed nothing, until something else is wrong', () => {
    const after = repairOf(seen(drifted), drifted, NOW);
    expect(decideRepair(drifted, DEVIATIONS, after, NOW)).toEqual({ repair: false, because: 'futile' });
    expect(decideRepair(drifted, DEVIATIONS, seen(drifted, after), NOW + 9e9)).toMatchObject({ because: 'futile' });
    expect(decideRepair(lost, DEVIATIONS, seen(lost, after), NOW)).toEqual({ repair: true });
    expect(decideRepair(drifted, DEVIATIONS, seen(drifted, seen(registered, after)), NOW)).toEqual({ repair: true });
  });

  it('is not made a fourth time within an hour: then two are quarrelling', () => {
    let memory = NO_REPAIRS;
    for (const minute of [0, 1, 2]) memory = repairOf(seen(lost, memory), registered, NOW + minute * 60_000);
    expect(decideRepair(lost, DEVIATIONS, seen(lost, memory), NOW + 180_000)).toMatchObject({ because: 'contested' });
    expect(decideRepair(lost, DEVIATIONS, seen(lost, memory), NOW + 3_600_001)).toEqual({ repair: true });
  });

  it('is not made either when others have made it three times within an hour', () => {
    let memory = NO_REPAIRS;
    for (const minute of [0, 1, 2]) {
      memory = seen(registered, seen(lost, memory, NOW + minute * 60_000), NOW + minute * 60_000 + 1);
    }
    expect(decideRepair(lost, DEVIATIONS, seen(lost, memory), NOW + 180_000)).toMatchObject({ because: 'contested' });
    expect(decideRepair(lost, DEVIATIONS, seen(lost, memory), NOW + 3_720_001)).toEqual({ repair: true });
  });

  it('is, over any history, told for, confirmed, and made three times an hour at most', () => {
    const state = fc.constantFrom(...REGISTRATION_STATES);
    const look = fc.record({ found: state, after: state, pause: fc.integer({ min: 1_000, max: 900_000 }) });
    fc.assert(
      fc.property(fc.array(look, { maxLength: 200 }), fc.subarray([...DEVIATIONS]), (looks, told) => {
        let [now, memory]: [number, RepairMemory] = [NOW, NO_REPAIRS];
        let before: string | undefined;
        const repairs: number[] = [];
        for (const { found, after, pause } of looks) {
          now += pause;
          const judgement = { state: found, differences: found === 'registered' ? [] : [found] };
          if (decideRepair(judgement, told, memory, now).repair) {
            expect([told as readonly string[], before]).toEqual([expect.arrayContaining([found]), found]);
            repairs.push(now);
            memory = repairOf(memory, { state: after, differences: [after] }, now);
            before = after;
          } else {
            memory = remembered(memory, judgement, now);
            before = found;
          }
        }
        repairs.forEach((at, index) =>
          expect(at - (repairs[index - 3] ?? -Infinity)).toBeGreaterThanOrEqual(3_600_000),
        );
      }),
    );
  });
});
