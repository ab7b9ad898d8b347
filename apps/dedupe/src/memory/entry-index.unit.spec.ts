import fc from 'fast-check';
import { EntryIndex } from './entry-index.js';

/** Entries are numbers; two with the same name are the same. */
function indexOf(names: readonly number[], hashOfName: (name: number) => number) {
  const index: EntryIndex<number> = new EntryIndex<number>({
    hashOf: (entry) => hashOfName(names[entry] ?? 0),
    matches: (entry, name) => names[entry] === name,
  });
  names.forEach((name, entry) => index.insert(hashOfName(name), entry));
  return index;
}

describe('entry index', () => {
  it('finds every entry and nothing else, whatever the hashes', () => {
    const names = fc.uniqueArray(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { maxLength: 400 });
    // From all different down to all the same.
    const masks = fc.constantFrom(0xffff_ffff, 0xffff_0000, 0xff, 0);
    fc.assert(
      fc.property(names, masks, fc.nat(), (held, mask, other) => {
        const hash = (name: number) => (name & mask) >>> 0;
        const index = indexOf(held, hash);
        held.forEach((name, entry) => expect(index.find(hash(name), name)).toBe(entry));
        if (!held.includes(other)) expect(index.find(hash(other), other)).toBe(-1);
      }),
    );
  });

  it('splits hashes that spread: load stays between 0.4 and 0.8 at every size', () => {
    const names: number[] = [];
    const hash = (name: number) => Math.imul(name, 0x9e37_79b1) >>> 0;
    const index = new EntryIndex<number>({
      hashOf: (entry) => hash(names[entry] ?? 0),
      matches: (entry, name) => names[entry] === name,
    });
    for (let entry = 0; entry < 60_000; entry++) {
      names.push(entry);
      index.insert(hash(entry), entry);
      if (entry < 1000 || entry % 997 !== 0) continue;
      const bytesPerEntry = index.bytes / (entry + 1);
      expect(bytesPerEntry).toBeGreaterThan(4.9);
      expect(bytesPerEntry).toBeLessThan(10.3);
    }
    for (let entry = 0; entry < 60_000; entry += 13) expect(index.find(hash(entry), entry)).toBe(entry);
  });

  it('survives hashes that no split parts', () => {
    const names = Array.from({ length: 14_000 }, (_, n) => n);
    const index = indexOf(names, (name) => name);
    for (const name of names) expect(index.find(name, name)).toBe(name);
    expect(index.find(14_001, 14_001)).toBe(-1);
  });
});
