import fc from 'fast-check';
import { DeadLetterWatch } from './dead-letter-watch.js';

const options = { share: 0.1, records: 50, windowMs: 60_000, trialEveryMs: 5000 };

it('says how many of how many, once there are enough to judge and more than the share', () => {
  const watch = new DeadLetterWatch(options);
  expect(watch.add({ records: 49, dead: 5 }, 0)).toBeUndefined();
  expect(watch.add({ records: 1, dead: 0 }, 1)).toBeUndefined();
  expect(watch.add({ records: 5, dead: 1 }, 2)).toBe('6 of 55 records of the last 60 s ended as dead letters');
});

it('forgets what is older than its window, and everything when told to', () => {
  const watch = new DeadLetterWatch(options);
  watch.add({ records: 49, dead: 49 }, 0);
  expect(watch.add({ records: 1, dead: 1 }, 60_000)).toBeUndefined();
  watch.reset();
  expect(watch.add({ records: 49, dead: 49 }, 60_001)).toBeUndefined();
});

it('answers as a count of all records of the window would', () => {
  const batch = fc
    .record({ records: fc.nat(40), part: fc.double({ min: 0, max: 0.3, noNaN: true }), afterMs: fc.nat(20_000) })
    .map(({ records, part, afterMs }) => ({ records, dead: Math.floor(records * part), afterMs }));
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 40 }), (batches) => {
      const watch = new DeadLetterWatch(options);
      const seen: { at: number; dead: boolean }[] = [];
      let now = 0;
      for (const { records, dead, afterMs } of batches) {
        now += afterMs;
        for (let index = 0; index < records; index += 1) seen.push({ at: now, dead: index < dead });
        const inWindow = seen.filter(({ at }) => at > now - options.windowMs);
        const isTooMany = inWindow.filter((one) => one.dead).length > inWindow.length * options.share;
        expect(watch.add({ records, dead }, now) !== undefined).toBe(inWindow.length >= options.records && isTooMany);
      }
    }),
  );
});
