import { answersPage } from './answers-page.js';
import type { LiveQuery } from './live-queries.js';

const query = (changes: Partial<LiveQuery>): LiveQuery => ({
  ...{ dashboard: 'd', panel: 'P', refId: 'A', expr: 'a', legend: '{{topic}}', unit: 'short', mayBeEmpty: undefined },
  ...changes,
});
const sample = (topic: string, value: number) => ({ metric: { topic }, value });
const lastRow = (changes: Partial<LiveQuery>) =>
  answersPage([query(changes)])
    .split('\n')
    .at(-1);

it.each([
  ['short', 3, '3'],
  ['s', 0.012345, '0.0123 s'],
  ['percentunit', 0.9951, '99.5 %'],
  ['cps', 40.25, '40.3/s'],
  ['bytes', 33, '33 B'],
])('tells a value in its unit, %s', (unit, value, told) => {
  expect(lastRow({ unit, samples: [sample('x', value)] })).toBe(`| P | \`a\` | x ${told} |`);
});

it.each([
  ['those that are not 0, and how many are', [0, 0, 1, 0, 2], 't2 1; t4 2; 3 more at 0'],
  ['four at most', [1, 2, 3, 4, 5, 0], 't0 1; t1 2; t2 3; t3 4; 2 more'],
  ['some of them when all are 0', [0, 0, 0, 0, 0], 't0 0; t1 0; t2 0; t3 0; 1 more at 0'],
])('tells of many series %s', (_, values, told) => {
  expect(lastRow({ samples: values.map((value, index) => sample(`t${index}`, value)) })).toBe(
    `| P | \`a\` | ${told} |`,
  );
});

it('tells why there is none, and keeps a bar from ending the cell', () => {
  expect(lastRow({ expr: 'a{b=~"c|d"}', samples: [], mayBeEmpty: 'all is well.' })).toBe(
    '| P | `a{b=~"c\\|d"}` | nothing: all is well. |',
  );
});
