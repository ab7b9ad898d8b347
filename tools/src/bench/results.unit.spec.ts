import { isMet, resultTable } from './results.js';

const result = {
  suite: 'ingress',
  figures: { ratio: 4.999, seconds: 5 },
  targets: [
    { figure: 'ratio', op: '>=', value: 5 },
    { figure: 'seconds', op: '<=', value: 5 },
    { figure: 'forgotten', op: '<=', value: 5 },
  ],
  method: '',
  quick: false,
} as const;

test('a target is met at its value, missed beside it, and missed when nothing was measured', () => {
  expect(result.targets.map((target) => isMet(target, result.figures))).toEqual([false, true, false]);
});

test('the table shows every figure, and a miss as MISS', () => {
  expect(resultTable(result).split('\n')).toEqual([
    'ingress:',
    '  ratio    4.999',
    '  seconds  5',
    '  MISS  ratio 4.999, target >= 5',
    '  met   seconds 5, target <= 5',
    '  MISS  forgotten not measured, target <= 5',
  ]);
});
