import { percentiles, type Dashboard, type Panel } from './dashboard.js';
import { grafanaJson, reasonToBeEmpty } from './grafana-json.js';
import { picturesOf, type FileDashboard } from './read-dashboard.js';

const panel = (title: string, changes: Partial<Panel> = {}): Panel => ({
  ...{ title, description: 'Something.', unit: 'short', queries: [{ expr: 'a', legend: 'a' }] },
  ...changes,
});

function fileOf(...panels: readonly Panel[]): FileDashboard {
  const rows = [{ title: 'Row', panels }];
  const dashboard: Dashboard = { name: 'one', title: 'One', description: 'One.', rows };
  return grafanaJson(dashboard) as unknown as FileDashboard;
}

it('sets panels side by side, and what does not fit below', () => {
  const figures = ['1', '2', '3', '4', '5'].map((title) => panel(title, { shape: 'figure' }));
  const places = picturesOf(fileOf(...figures, panel('6'), panel('7'))).map(({ gridPos: { x, y } }) => [x, y]);
  expect(places).toEqual([[0, 1], [4, 1], [8, 1], [12, 1], [16, 1], [0, 5], [8, 5]]); // prettier-ignore
});

it('numbers rows and panels, and calls queries A, B, C', () => {
  const file = fileOf(panel('1', { queries: percentiles('h', { exemplars: true }) }));
  expect(file.panels.map(({ id, type }) => `${id} ${type}`)).toEqual(['1 row', '2 timeseries']);
  expect(file.panels[1]?.targets).toEqual([
    expect.objectContaining({ refId: 'A', legendFormat: 'p50' }),
    expect.objectContaining({ refId: 'B', legendFormat: 'p95' }),
    expect.objectContaining({ refId: 'C', legendFormat: 'p99', exemplar: true }),
  ]);
});

it('says in the description which query may be empty, and why', () => {
  const queries = [
    { expr: 'a', legend: 'a' },
    { expr: 'b', legend: 'b', mayBeEmpty: 'all is well.' },
  ];
  const [{ description = '' } = {}] = picturesOf(fileOf(panel('1', { queries })));
  expect(description).toBe('Something.\n\nB may be empty: all is well.');
  expect([reasonToBeEmpty(description, 'A'), reasonToBeEmpty(description, 'B')]).toEqual([undefined, 'all is well.']);
});

it('colours a figure by its limit', () => {
  const stepsOf = (changes: Partial<Panel>) => {
    const [{ fieldConfig } = {}] = picturesOf(fileOf(panel('1', { shape: 'figure', ...changes })));
    const { thresholds } = fieldConfig?.defaults as {
      thresholds: { steps: { color: string; value: number | null }[] };
    };
    return thresholds.steps.map(({ color, value }) => `${color} ${value}`);
  };
  expect(stepsOf({})).toEqual(['green null']);
  expect(stepsOf({ redFrom: 1 })).toEqual(['green null', 'red 1']);
  expect(stepsOf({ redBelow: 0.99 })).toEqual(['red null', 'green 0.99']);
});
