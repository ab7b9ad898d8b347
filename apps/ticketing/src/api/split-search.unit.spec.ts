import fc from 'fast-check';
import { splitSearch } from './split-search.js';

it.each([
  ['refund', '', 'refund'],
  ['late parc', 'late ', 'parc'],
  ['"lost parcel" ref', '"lost parcel" ', 'ref'],
  ['возврат ден', 'возврат ', 'ден'],
  ['parcel ', 'parcel ', null],
  ['"lost par', '"lost par', null],
  ['lost or stolen', 'lost or stolen', null],
  ['lost or', 'lost or', null],
  ['lost -parcel', 'lost -parcel', null],
  ['a-b', 'a-b', null],
  ['', '', null],
])('%j is %j and the beginning %j', (asked, whole, beginning) => {
  expect(splitSearch(asked)).toEqual({ whole, beginning });
});

it('loses nothing, and the beginning has nothing that means something to PostgreSQL', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (asked) => {
      const { whole, beginning } = splitSearch(asked);
      expect(whole + (beginning ?? '')).toBe(asked);
      expect(beginning ?? 'x').toMatch(/^[^\s'"\\:&|!()<>*-]+$/u);
    }),
  );
});
