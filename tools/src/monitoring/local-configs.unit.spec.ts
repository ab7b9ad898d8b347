import { hurriedRules, localAlertmanagerConfig, localPrometheusConfig } from './local-configs.js';

const PROMETHEUS = `global:
  scrape_interval: 5s
  evaluation_interval: 5s
rule_files:
  - /etc/prometheus/rules/*.yml
alerting:
  alertmanagers:
    - static_configs: [{ targets: ['alertmanager:9093'] }]
scrape_configs:
  - static_configs:
      - { targets: ['retry:8083'], labels: { service: retry } }
`;

describe('the Prometheus configuration of compose', () => {
  it('looks at the processes of this machine instead, every second where alerts are awaited', () => {
    const services = { retry: '127.0.0.1:4711' };
    const config = localPrometheusConfig(PROMETHEUS, { services, alertmanager: '127.0.0.1:9', rules: '/r/*.yml' });
    expect(config).toBe(
      PROMETHEUS.replaceAll(': 5s', ': 1s')
        .replace('/etc/prometheus/rules/*.yml', '/r/*.yml')
        .replace('alertmanager:9093', '127.0.0.1:9')
        .replace('retry:8083', '127.0.0.1:4711'),
    );
  });

  it('sends alerts nowhere without an Alertmanager, and takes its time', () => {
    const config = localPrometheusConfig(PROMETHEUS, { services: {}, rules: 'r' });
    expect(config).toBe(PROMETHEUS.replace('/etc/prometheus/rules/*.yml', 'r').replace("'alertmanager:9093'", ''));
  });

  it('is refused when it has another form, or does not name a service', () => {
    const services = { dedupe: '127.0.0.1:4711' };
    expect(() => localPrometheusConfig(PROMETHEUS, { services, rules: 'r' })).toThrow('0 times "dedupe:port"');
    const elsewhere = PROMETHEUS.replace('/etc/prometheus/rules/*.yml', 'rules.yml');
    expect(() => localPrometheusConfig(elsewhere, { services: {}, rules: 'r' })).toThrow('0 times "/etc');
    const slower = PROMETHEUS.replace('scrape_interval: 5s', 'scrape_interval: 15s');
    const awaited = { services: {}, rules: 'r', alertmanager: '127.0.0.1:9' };
    expect(() => localPrometheusConfig(slower, awaited)).toThrow('0 times "scrape_interval: 5s"');
  });
});

it('each receiver of the Alertmanager posts to the hook, and soon', () => {
  const config = localAlertmanagerConfig(
    'route:\n  group_wait: 30s\n  group_interval: 5m\n  repeat_interval: 12h\nreceivers:\n  - name: at-once\n',
    'http://127.0.0.1:9',
  );
  expect(config).toBe(
    "route:\n  group_wait: 500ms\n  group_interval: 1s\n  repeat_interval: 12h\nreceivers:\n  - name: at-once\n    webhook_configs: [{ url: 'http://127.0.0.1:9/at-once', send_resolved: true }]\n",
  );
});

it('rules wait seconds for minutes, and are the same otherwise', () => {
  const rule = (wait: string) => `      - alert: A\n        expr: rate(a[5m]) > 0\n        for: ${wait}\n`;
  expect(hurriedRules(rule('10m') + rule('0m'))).toBe(rule('10s') + rule('0s'));
});
