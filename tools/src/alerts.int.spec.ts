import { alertFaults, alertRules, hasPromtool, NO_PROMTOOL, promtoolFaults } from './observability/alert-files.js';

describe('the alerts', () => {
  it('name documented metrics, a severity and a runbook section, have a test that fires and one that does not, and are in the manifests', () => {
    expect(alertFaults()).toEqual([]);
    expect(alertRules().length).toBeGreaterThan(30);
  });

  const there = hasPromtool();
  if (!there) console.warn(NO_PROMTOOL);
  (there ? it : it.skip)(
    `fire and stay silent as promtool's unit tests say${there ? '' : ' (no promtool here)'}`,
    () => {
      expect(promtoolFaults()).toEqual([]);
    },
  );
});
