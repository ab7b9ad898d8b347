import { dashboardFaults, dashboardFiles, syntaxFaults } from './dashboards/dashboard-files.js';
import { queriesOf } from './dashboards/live-queries.js';
import { hasPromtool, NO_PROMTOOL } from './observability/alert-files.js';

describe('the dashboards', () => {
  it('are what the code makes, ask for documented metrics, and have what every panel must have', () => {
    expect(dashboardFaults()).toEqual([]);
    expect(dashboardFiles().map(({ uid }) => uid.replace('onceline-', ''))).toEqual([
      'dedupe',
      'ingress',
      'overview',
      'pipeline',
      'retries',
      'retry',
      'ticketing',
    ]);
  });

  it('excuse few queries from having data', () => {
    const excused = queriesOf(dashboardFiles()).filter(({ mayBeEmpty }) => mayBeEmpty !== undefined);
    expect(excused.length).toBeLessThan(5);
  });

  const there = hasPromtool();
  if (!there) console.warn(NO_PROMTOOL);
  (there ? it : it.skip)(`ask in PromQL${there ? '' : ' (no promtool here)'}`, () => {
    expect(syntaxFaults()).toEqual([]);
  });
});
