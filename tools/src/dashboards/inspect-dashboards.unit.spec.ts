import type { DocumentedMetric } from '../observability/metrics-page.js';
import type { Dashboard } from './dashboard.js';
import { grafanaJson } from './grafana-json.js';
import { inspectDashboards } from './inspect-dashboards.js';
import { picturesOf, type FileDashboard, type FilePanel } from './read-dashboard.js';

const metric = (name: string, type: string, ...labels: string[]): DocumentedMetric => ({
  ...{ section: 'retry', unit: 's', meaning: '' },
  ...{ name, type, labels },
});
const METRICS = [metric('tries_total', 'counter', 'code'), metric('late_seconds', 'histogram', 'topic')];

const SOUND: Dashboard = {
  name: 'tries',
  title: 'Tries',
  description: 'All of them.',
  rows: [
    {
      title: 'One',
      panels: [
        {
          title: 'Failed',
          description: 'By cause.',
          unit: 'cps',
          queries: [{ expr: 'sum by (code) (rate(tries_total[$__rate_interval]))', legend: '{{code}}' }],
        },
        {
          title: 'Late',
          description: 'Once in a while.',
          unit: 's',
          shape: 'figure',
          queries: [{ expr: 'late_seconds_sum', legend: '{{topic}}', mayBeEmpty: 'nothing is late.' }],
        },
      ],
    },
  ],
};

/** The sound dashboard after a change of its file. */
function spoilt(change: (file: FileDashboard) => FileDashboard): readonly string[] {
  return inspectDashboards([change(grafanaJson(SOUND) as unknown as FileDashboard)], METRICS);
}

/** After a change of its first panel that is no row. */
function spoiltPanel(change: (panel: FilePanel) => object): readonly string[] {
  return spoilt((file) => {
    const [first] = picturesOf(file);
    return { ...file, panels: file.panels.map((panel) => (panel === first ? { ...panel, ...change(panel) } : panel)) };
  });
}

/** After a change of its first query. */
function spoiltQuery(change: object): readonly string[] {
  return spoiltPanel(({ targets = [] }) => ({ targets: targets.map((target) => ({ ...target, ...change })) }));
}

describe('inspectDashboards', () => {
  it('has nothing to say of a sound one', () => {
    expect(spoilt((file) => file)).toEqual([]);
  });

  it.each([
    ['its uid is not onceline-…', { uid: 'tries' }],
    ['no description', { description: '' }],
    ['no tag onceline, so that the others do not link to it', { tags: [] }],
    ['editable, though its file would overwrite what was edited', { editable: true }],
    ['no variable to choose the data source by', { templating: { list: [] } }],
  ])('finds of the whole: %s', (fault, change) => {
    expect(spoilt((file) => ({ ...file, ...change }))).toEqual([expect.stringMatching(new RegExp(`: ${fault}$`))]);
  });

  it('finds what is there twice', () => {
    const file = grafanaJson(SOUND) as unknown as FileDashboard;
    expect(inspectDashboards([file, file], METRICS)).toEqual([
      'two dashboards have the uid onceline-tries',
      'two dashboards are called Tries',
    ]);
    expect(spoiltPanel(() => ({ id: 3 }))).toEqual(['onceline-tries: two panels have the id 3']);
    expect(spoiltPanel(() => ({ title: 'Late' }))).toEqual(['onceline-tries: two panels are called Late']);
  });

  it.each([
    ['no description in sentences', { description: 'by cause' }],
    ['does not use the variable of the data source', { datasource: { type: 'prometheus', uid: 'prometheus' } }],
    ['no known unit', { fieldConfig: { defaults: { unit: 'furlong' } } }],
    ['no legend', { options: { legend: { showLegend: false } } }],
    ['asks nothing', { targets: [] }],
    ['B may be empty, but there is no such query', { description: 'By cause.\n\nB may be empty: it is.' }],
  ])('finds of a panel: %s', (fault, change) => {
    expect(spoiltPanel(() => change)).toEqual([`onceline-tries: Failed: ${fault}`]);
  });

  it.each([
    ['lies on another panel', { x: 10, y: 1, w: 8, h: 8 }],
    ['is outside the 24 columns', { x: 20, y: 1, w: 8, h: 8 }],
  ])('finds a panel that %s', (fault, gridPos) => {
    expect(spoiltPanel(() => ({ gridPos })).some((found) => found.endsWith(fault))).toBe(true);
  });

  it.each([
    ['asks for no metric', { expr: 'vector(1)', legendFormat: 'one' }],
    ['docs/metrics.md does not know trials_total', { expr: 'rate(trials_total[$__rate_interval])' }],
    ['tries_total has no label topic', { expr: 'rate(tries_total{topic="a"}[$__rate_interval])' }],
    ['a rate without $__rate_interval', { expr: 'sum by (code) (rate(tries_total[5m]))' }],
    ['the bare counter tries_total says nothing', { expr: 'sum by (code) (tries_total{code="a"})' }],
    ['the bare counter tries_total says nothing', { expr: 'tries_total > 0' }],
    ['no legend', { legendFormat: '__auto' }],
    ['its series have no label topic', { legendFormat: '{{topic}}' }],
    ['does not use the variable of the data source', { datasource: { type: 'prometheus', uid: 'prometheus' } }],
  ])('finds of a query: %s', (fault, change) => {
    expect(spoiltQuery(change)).toEqual([`onceline-tries: Failed: query A: ${fault}`]);
  });
});
