import { readRules, readTests } from './rule-file.js';

const file = (...lines: string[]) =>
  ['# comment', 'groups:', '  - name: one', '    rules:', ...lines.map((line) => `      ${line}`), ''].join('\n');

const RULE = [
  '- alert: TooMany',
  '  expr: |-',
  '    sum(a) > 0',
  '    and b == 0',
  '  for: 5m',
  '  labels: { severity: critical }',
  '  annotations:',
  "    summary: 'It''s too many: {{ $labels.bot }}'",
  '    runbook: docs/runbooks.md#toomany',
];

describe('readRules', () => {
  it('reads a rule with an expression of several lines and a quoted summary', () => {
    expect(readRules('f.yml', file(...RULE))).toEqual([
      {
        group: 'one',
        alert: 'TooMany',
        expr: 'sum(a) > 0 and b == 0',
        for: '5m',
        severity: 'critical',
        summary: "It's too many: {{ $labels.bot }}",
        runbook: 'docs/runbooks.md#toomany',
      },
    ]);
  });

  it.each(RULE.filter((line) => /(expr|for|labels|summary|runbook):/.test(line)))(
    'refuses a rule without %s',
    (line) => {
      expect(() => readRules('f.yml', file(...RULE.filter((other) => other !== line)))).toThrow(/^f\.yml/);
    },
  );

  it.each(['- record: a:b', '  labels: { team: a }', '  keep_firing_for: 5m', '  expr:'])(
    'refuses what is in another form: %s',
    (line) => {
      expect(() => readRules('f.yml', file(...RULE, line))).toThrow(/^f\.yml:14: not in the form/);
    },
  );
});

describe('readTests', () => {
  it('tells a test that fires from one that does not', () => {
    const text = ['  alertname: A', '  exp_alerts:', '    - exp_labels: {}', '  alertname: B', '  exp_alerts: []'];
    expect(readTests('t.yml', text.join('\n'))).toEqual([
      { alert: 'A', fires: true },
      { alert: 'B', fires: false },
    ]);
  });

  it('refuses a test in which the expectation does not follow the name', () => {
    expect(() => readTests('t.yml', '  alertname: A\n  eval_time: 1m\n  exp_alerts: []')).toThrow(
      't.yml:2: exp_alerts must follow alertname',
    );
  });
});
