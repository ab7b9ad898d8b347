import fc from 'fast-check';
import { csvLine } from './csv.js';

it.each([
  ['plain', 'plain'],
  [null, ''],
  [7, '7'],
  [-1001234, '-1001234'],
  ['-1001234', '-1001234'],
  ['a,b', '"a,b"'],
  ['say "hi"', '"say ""hi"""'],
  ['two\nlines', '"two\nlines"'],
  [['vip', 'late'], '"[""vip"",""late""]"'],
  ['=1+1', "'=1+1"],
  ['+49 30 1', "'+49 30 1"],
  ['-2+3', "'-2+3"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\t=1"],
  ['=HYPERLINK("x","y")', '"\'=HYPERLINK(""x"",""y"")"'],
])('%j is written as %j', (value, written) => {
  expect(csvLine([value, 'next'])).toBe(`${written},next\r\n`);
});

/** Of RFC 4180, as a reader knows it. */
function read(line: string): string[] {
  const cells: string[] = [];
  const one = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/gy;
  for (let match = one.exec(line); match; match = one.exec(line)) {
    const [, text = ''] = match;
    cells.push(text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text);
  }
  return cells;
}

it('reads back as it was, but for an apostrophe in front of what could be a formula', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('"', ',', '\r', '\n', '=', '-', '1', 'é', ' ') }), { minLength: 1 }),
      (cells) => {
        const back = read(csvLine(cells));
        expect(back.map((text, index) => (text === `'${cells[index]}` ? cells[index] : text))).toEqual(cells);
        expect(back.filter((text) => /^[=+@]/.test(text))).toEqual([]);
      },
    ),
  );
});
