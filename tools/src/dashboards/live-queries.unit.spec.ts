import { emptyOnes, queriesOf, withRateInterval, type LiveQuery } from './live-queries.js';
import { grafanaJson } from './grafana-json.js';
import type { FileDashboard } from './read-dashboard.js';

const file = grafanaJson({
  name: 'one',
  title: 'One',
  description: 'One.',
  rows: [
    {
      title: 'Row',
      panels: [
        {
          title: 'Panel',
          description: 'Two queries.',
          unit: 's',
          queries: [
            { expr: 'rate(a[$__rate_interval])', legend: 'a' },
            { expr: 'b', legend: 'b', mayBeEmpty: 'all is well.' },
          ],
        },
      ],
    },
  ],
}) as unknown as FileDashboard;
const queries = queriesOf([file]);

it('takes every query of every panel, with the reason for which it may be empty', () => {
  expect(queries.map(({ panel, refId, mayBeEmpty }) => [panel, refId, mayBeEmpty])).toEqual([
    ['Panel', 'A', undefined],
    ['Panel', 'B', 'all is well.'],
  ]);
});

it('names those that must have data and have none', () => {
  const answered = (...counts: readonly number[]): readonly LiveQuery[] =>
    queries.map((query, index) => ({ ...query, samples: Array(counts[index]).fill({ metric: {}, value: 0 }) }));
  expect(emptyOnes(answered(1, 0))).toEqual([]);
  expect(emptyOnes(answered(0, 1))).toEqual(['onceline-one, Panel, A: no data for rate(a[$__rate_interval])']);
});

it('gives the range of a rate to Prometheus, which knows no variables', () => {
  expect(withRateInterval('rate(a[$__rate_interval])')).toBe('rate(a[1m])');
});
