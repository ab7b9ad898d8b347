import fc from 'fast-check';
import { HandMember, recordsOf } from './hand-member.spec.js';
import { PartitionIntake } from './partition-intake.js';

const at = { topic: 't', partition: 0 };
const open = (position = 0, limits = { records: 10, bytes: 1000 }) => {
  const member = new HandMember();
  const intake = new PartitionIntake(at, member, limits);
  intake.open(position);
  member.told.length = 0;
  const add = (from: number, count: number, nextOffset = from + count) =>
    intake.add({ ...at, from, records: recordsOf(0, from, count), nextOffset, commit: () => Promise.resolve() });
  const take = (limit: number) => {
    const batch = intake.take(limit)?.batch;
    return batch && `${batch.records.map(({ offset }) => offset).join(' ')} -> ${batch.nextOffset}`;
  };
  return { member, intake, add, take };
};

describe('an intake', () => {
  it('is closed at first: nothing is taken, and the partition is paused whenever it is asked', () => {
    const member = new HandMember();
    const intake = new PartitionIntake(at, member, { records: 10, bytes: 1000 });
    const batch = { ...at, from: 0, records: recordsOf(0, 0, 1), nextOffset: 1, commit: () => Promise.resolve() };
    expect(intake.add(batch)).toBeUndefined();
    intake.goOn();
    expect(member.told).toEqual(['pause 0']);
    expect(intake.take(1)).toBeUndefined();
    expect(intake.takenTo).toBeUndefined();
  });

  it('does not call taken what it dropped', () => {
    const { intake, add } = open();
    expect(intake.takenTo).toBe(0);
    add(0, 2);
    expect(intake.takenTo).toBeUndefined();
    intake.close();
    expect(intake.takenTo).toBeUndefined();
    intake.open(0);
    expect(intake.takenTo).toBe(0);
  });

  it('pauses the partition when it is full, resumes it when half of it is gone, and keeps that through a rejoin', () => {
    const { member, intake, add, take } = open();
    expect(add(0, 9)).toBe(9);
    expect(member.told).toEqual([]);
    expect(add(9, 9)).toBe(18);
    expect(member.told).toEqual(['pause 0']);
    take(12);
    intake.goOn();
    expect(member.told).toEqual(['pause 0', 'seek 0:18', 'pause 0']);
    take(1);
    expect(member.told.slice(3)).toEqual(['resume 0']);
    intake.goOn();
    expect(member.told.slice(4)).toEqual(['seek 0:18', 'resume 0']);
  });

  it('counts bytes as well as records', () => {
    const { member, intake } = open();
    const records = recordsOf(0, 0, 1).map((record) => ({ ...record, value: Buffer.alloc(1000) }));
    intake.add({ ...at, from: 0, records, nextOffset: 1, commit: () => Promise.resolve() });
    intake.take(1);
    expect(member.told).toEqual(['pause 0', 'resume 0']);
  });

  it('takes nothing twice that comes twice', () => {
    const { add, take } = open();
    add(0, 4);
    expect(add(2, 4)).toBe(6);
    expect(add(0, 3)).toBe(6);
    expect(take(100)).toBe('0 1 2 3 4 5 -> 6');
  });

  it('does not take what would leave something out, and asks from there; what is left out again is gone', () => {
    const { member, add, take } = open();
    add(0, 2);
    expect(add(5, 2)).toBeUndefined();
    expect(member.told).toEqual(['seek 0:2']);
    expect(add(5, 2)).toBe(7);
    expect(take(100)).toBe('0 1 5 6 -> 7');
  });

  it('does not move over offsets either that are not known to be empty', () => {
    const { member, intake, add } = open();
    add(0, 2);
    intake.skip({ ...at, from: 4, nextOffset: 9 });
    expect([intake.end, member.told]).toEqual([2, ['seek 0:2']]);
    expect(add(2, 2)).toBe(4);
    // The doubt is settled: the next hole is a new one.
    intake.skip({ ...at, from: 6, nextOffset: 9 });
    expect([intake.end, member.told]).toEqual([4, ['seek 0:2', 'seek 0:4']]);
  });

  it('lets control records be committed with the records before them', () => {
    const { intake, add, take } = open();
    add(0, 2);
    intake.skip({ ...at, from: 2, nextOffset: 4 });
    expect(take(1)).toBe('0 -> 1');
    expect(take(1)).toBe('1 -> 4');
  });

  it('hands out each record once and in order, whatever a client does that fetches where it is told or somewhere else', () => {
    const step = fc.oneof(
      fc.record({ fetch: fc.integer({ min: 1, max: 8 }), stray: fc.integer({ min: -6, max: 6 }) }),
      fc.record({ take: fc.integer({ min: 1, max: 8 }) }),
      fc.record({ redeliver: fc.constant(true) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { member, intake, add } = open(0, { records: 12, bytes: 1000 });
        let [client, settled] = [0, 0];
        for (const one of steps) {
          member.told.length = 0;
          if ('fetch' in one) {
            // A stray fetch is a stale one: it never follows a seek from the same place twice.
            const before = intake.end;
            const next = add(Math.max(0, client + one.stray), one.fetch);
            if (next === undefined) expect(add(before, 1)).toBe(before + 1);
            client = intake.end;
          } else if ('take' in one) {
            const batch = intake.take(one.take)?.batch;
            if (batch === undefined) continue;
            expect(batch.records.map(({ offset }) => offset)).toEqual(batch.records.map((_, i) => settled + i));
            expect(batch.nextOffset).toBe(settled + batch.records.length);
            settled = batch.nextOffset;
          } else {
            intake.open(settled);
            client = settled;
          }
        }
        expect(intake.end).toBeGreaterThanOrEqual(settled);
      }),
    );
  });
});
