import { prometheusRule } from './prometheus-rule.js';

const file = (name: string) => `# About ${name}.
groups:
  - name: ${name}
    rules:
      # Why.
      - alert: TooMany
        expr: |-
          a > 0
          and b == 0
`;

describe('prometheusRule', () => {
  it('holds the groups of every file, in their order and with what is said inside them', () => {
    const files = new Map(['one', 'two'].map((name) => [`${name}.yml`, file(name)]));
    expect(prometheusRule(files).split('\n').slice(1)).toEqual([
      'apiVersion: monitoring.coreos.com/v1',
      'kind: PrometheusRule',
      'metadata: { name: onceline }',
      'spec:',
      '  groups:',
      ...['one', 'two'].flatMap((name) => [
        `    - name: ${name}`,
        '      rules:',
        '        # Why.',
        '        - alert: TooMany',
        '          expr: |-',
        '            a > 0',
        '            and b == 0',
      ]),
      '',
    ]);
  });

  it.each(['rules: []\n', 'groups:\n  - name: one\ngroups:\n  - name: two\n'])('refuses %j', (text) => {
    expect(() => prometheusRule(new Map([['f.yml', text]]))).toThrow('f.yml: has not one list of groups');
  });
});
