/** Where the parts are that a configuration of docker-compose.yml names by their host in the network of compose. */
export interface LocalAddresses {
  /** Host and port of each service, e.g. `{ ingress: '127.0.0.1:8080' }`. */
  readonly services: Readonly<Record<string, string>>;
  /** Host and port; alerts go nowhere when absent. */
  readonly alertmanager?: string;
  /** Glob of the rule files. */
  readonly rules: string;
}

/** The Prometheus configuration of compose, for processes on this machine. With an Alertmanager it looks every second. */
export function localPrometheusConfig(text: string, { services, alertmanager, rules }: LocalAddresses): string {
  let config = exchange(text, '/etc/prometheus/rules/*.yml', rules);
  for (const interval of alertmanager ? ['scrape_interval', 'evaluation_interval'] : [])
    config = exchange(config, `${interval}: 5s`, `${interval}: 1s`);
  config = exchange(config, "targets: ['alertmanager:9093']", `targets: [${alertmanager ? `'${alertmanager}'` : ''}]`);
  for (const [name, address] of Object.entries(services)) config = exchange(config, targetOf(config, name), address);
  return config;
}

function targetOf(config: string, service: string): string {
  const [target = `${service}:port`] = new RegExp(String.raw`\b${service}:\d+\b`).exec(config) ?? [];
  return target;
}

/**
 * The Alertmanager configuration of compose without its patience; each receiver posts to the hook, under its own name. It tells in the
 * middle between two looks of Prometheus: at the same moment it could hear that one alert is over and tell of another, which that one held
 * back, before it hears that this one is over too.
 */
export function localAlertmanagerConfig(text: string, hook: string): string {
  const hurried = text
    .replaceAll(/\bgroup_wait: \w+/g, 'group_wait: 500ms')
    .replaceAll(/\bgroup_interval: \w+/g, 'group_interval: 1s');
  return hurried.replaceAll(
    /^( *)- name: (\S+)$/gm,
    (line, indent: string, name: string) =>
      `${line}\n${indent}  webhook_configs: [{ url: '${hook}/${name}', send_resolved: true }]`,
  );
}

/** Rules that wait a second where they waited a minute: expressions, severities and texts stay as they are. */
export function hurriedRules(text: string): string {
  return text.replaceAll(/^( +for: \d+)m$/gm, '$1s');
}

function exchange(text: string, from: string, to: string): string {
  const parts = text.split(from);
  if (parts.length !== 2)
    throw new Error(`${parts.length - 1} times "${from}" in place of once: mend what derives from it`);
  return parts.join(to);
}
