import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { documentedNames, documentedSettings } from '@onceline/testing';
import { parse, parseAllDocuments } from 'yaml';
import { repositoryRoot } from '../repository-root.js';
import { SERVICES } from './local-system.js';
import { localSecrets } from './local-secrets.js';
import { workloadsOf, type Container, type KubernetesObject } from './objects.js';

const FOLDER = 'deploy/kubernetes';
const read = (path: string): string => readFileSync(join(repositoryRoot(), FOLDER, path), 'utf8');
const objectsIn = (path: string): KubernetesObject[] =>
  parseAllDocuments(read(path)).map((document) => document.toJSON() as KubernetesObject);

const yamlIn = <T = unknown>(path: string): T => parseAllDocuments(read(path))[0]?.toJSON() as T;

/** The patches of a file, as JSON 6902 has them. */
const patchesIn = (file: string): { path: string }[] =>
  parseAllDocuments(read(file)).flatMap((document) => document.toJSON() as { path: string }[]);

/** Names and values of an env file. */
const settingsIn = (path: string): Record<string, string> =>
  Object.fromEntries([...read(path).matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));

const containerOf = (file: string): Container => {
  const [workload] = workloadsOf(objectsIn(file));
  const [container] = workload?.template.spec.containers ?? [];
  if (!container) throw new Error(`${file} has no container`);
  return container;
};

const SETTINGS = [
  'base/settings.env',
  'overlays/local/settings.env',
  'overlays/production/settings.env',
  'components/secure-connections/settings.env',
];
/** Of the Job alone. */
const OF_SETUP = ['TOPIC_REPLICATION'];

/** Secrets by name, and the keys that are referred to. */
function referredSecrets(): Record<string, string[]> {
  const files = [
    ...SERVICES.map((name) => `base/${name}.yaml`),
    'base/setup.yaml',
    'base/audit.yaml',
    'overlays/local/postgres.yaml',
  ];
  const references = files.flatMap((file) =>
    (containerOf(file).env ?? []).map(({ valueFrom }) => valueFrom?.secretKeyRef),
  );
  const secrets: Record<string, string[]> = {};
  for (const reference of references) {
    if (!reference) continue;
    const keys = (secrets[reference.name] ??= []);
    if (!keys.includes(reference.key)) keys.push(reference.key);
  }
  return secrets;
}

/** Labels of a target, and what Prometheus' discovery knows them as. */
const LABELS = [
  ['service', '__meta_kubernetes_pod_label_app_kubernetes_io_name'],
  ['instance', '__meta_kubernetes_pod_name'],
] as const;

interface PrometheusConfig {
  readonly global?: { readonly scrape_interval: string };
  readonly scrape_configs: readonly object[];
}

describe('the manifests', () => {
  it.each(SETTINGS)('set in %s what services know, and nothing else', (file) => {
    const known = new Set([
      ...SERVICES.flatMap((name) => documentedSettings(name).map((setting) => setting.name)),
      ...OF_SETUP,
    ]);
    expect(Object.keys(settingsIn(file)).filter((name) => !known.has(name))).toEqual([]);
  });

  it.each(SERVICES)(
    'give %s every setting that it cannot do without, and no variable that it does not know',
    (name) => {
      const settings = documentedSettings(name);
      const given = (containerOf(`base/${name}.yaml`).env ?? []).map((variable) => variable.name);
      const everywhere = { ...settingsIn('base/settings.env'), ...settingsIn('overlays/local/settings.env') };
      const required = settings.filter((setting) => setting.default === 'required').map((setting) => setting.name);
      expect(required.filter((setting) => !given.includes(setting) && !(setting in everywhere))).toEqual([]);
      expect(given.filter((variable) => !settings.some((setting) => setting.name === variable))).toEqual([]);
    },
  );

  it.each(SERVICES)('open the port on which %s listens', (name) => {
    const port = Number(documentedSettings(name).find((setting) => setting.name === 'PORT')?.default);
    expect(containerOf(`base/${name}.yaml`).ports).toEqual([{ name: 'http', containerPort: port }]);
    expect(read('base/network-policies.yaml').match(/ports: \[\{ port: 808\d \}\]/g)).toEqual([
      'ports: [{ port: 8082 }]',
    ]);
  });

  it('make topics for the partitions that the services expect', () => {
    const { PARTITIONS: partitions } = settingsIn('base/settings.env');
    expect(documentedSettings('dedupe').find(({ name }) => name === 'PARTITIONS')?.default).toBe(partitions);
    expect(read('base/setup.yaml')).toContain('name: setup-settings');
  });

  it.each([
    ['base/every-pod.yaml', 'base/every-cron-pod.yaml'],
    ['components/cloudnative-pg/its-address.yaml', 'components/cloudnative-pg/its-address-for-audit.yaml'],
    ['components/secure-connections/kafka.yaml', 'components/secure-connections/audit.yaml'],
    ['components/secure-connections/postgres.yaml', 'components/secure-connections/audit.yaml'],
  ])('do to the pods of the audit what %s does to others', (file, deeper) => {
    const path = (patch: { path: string }) => patch.path.replace('/spec/jobTemplate', '');
    const inAudit = patchesIn(deeper).map((patch) => ({ ...patch, path: path(patch) }));
    expect(inAudit).toEqual(expect.arrayContaining(patchesIn(file)));
  });

  it('give Jaeger the configuration that it has in compose', () => {
    const config = (path: string) => parse(readFileSync(join(repositoryRoot(), path), 'utf8')) as unknown;
    expect(config(`${FOLDER}/overlays/local/jaeger-config.yaml`)).toEqual(config('deploy/compose/jaeger.yaml'));
  });

  it('scale dedupe and ticketing by KEDA within the same limits as by CPU', () => {
    const scaled = objectsIn('components/keda/scaled-objects.yaml').map(({ metadata, spec }) => [
      metadata.name,
      spec?.minReplicaCount,
      spec?.maxReplicaCount,
    ]);
    const byCpu = ['dedupe', 'ticketing'].map((name) => {
      const scaler = objectsIn(`base/${name}.yaml`).find(({ kind }) => kind === 'HorizontalPodAutoscaler');
      return [name, scaler?.spec?.minReplicas, scaler?.spec?.maxReplicas];
    });
    expect(scaled).toEqual(byCpu);
  });

  it('hand the Prometheus operator the groups of the rule files as they are', () => {
    const folder = '../observability/rules';
    const files = readdirSync(join(repositoryRoot(), FOLDER, folder)).toSorted();
    const groups = files.flatMap((file) => yamlIn<{ groups: object[] }>(`${folder}/${file}`).groups);
    expect(groups.length).toBeGreaterThan(5);
    expect(yamlIn('components/prometheus-operator/rules.yaml')).toMatchObject({
      kind: 'PrometheusRule',
      spec: { groups },
    });
  });

  it('have the same services scraped as docker-compose.yml, as often and under the same labels', () => {
    const compose = yamlIn<PrometheusConfig>('../compose/prometheus.yml');
    const targets = SERVICES.map((service): unknown => expect.objectContaining({ labels: { service } }));
    expect(compose.scrape_configs).toEqual([{ job_name: 'onceline', static_configs: targets }]);
    const interval = compose.global?.scrape_interval;
    // The job of the PodMonitor is the value of this label.
    expect(read('base/kustomization.yaml')).toContain('app.kubernetes.io/part-of: onceline');
    expect(yamlIn('components/prometheus-operator/scrape.yaml')).toMatchObject({
      spec: {
        jobLabel: 'app.kubernetes.io/part-of',
        selector: { matchExpressions: [{ key: 'app.kubernetes.io/name', operator: 'In', values: SERVICES }] },
        podMetricsEndpoints: [
          {
            interval,
            relabelings: LABELS.map(([label, from]) => ({ sourceLabels: [from], targetLabel: label })),
          },
        ],
      },
    });
    expect(yamlIn('prometheus.yml')).toMatchObject({
      scrape_configs: [
        {
          job_name: 'onceline',
          scrape_interval: interval,
          relabel_configs: expect.arrayContaining([
            expect.objectContaining({ action: 'keep', regex: SERVICES.join('|') }),
            ...LABELS.map(([label, from]) => ({ source_labels: [from], target_label: label })),
          ]),
        },
      ],
    });
  });

  it('refer to the Secrets that docs/kubernetes.md lists, and `npm run kubernetes -- secrets` makes just those', () => {
    const referred = referredSecrets();
    expect(documentedNames('kubernetes.md', 'Secrets').toSorted()).toEqual(Object.keys(referred).toSorted());
    const { items } = JSON.parse(localSecrets({ ...CREDENTIALS, password: 'p' })) as {
      items: { metadata: { name: string }; stringData: Record<string, string> }[];
    };
    const made = Object.fromEntries(
      items.map(({ metadata, stringData }) => [metadata.name, Object.keys(stringData).toSorted()]),
    );
    expect(made).toEqual(Object.fromEntries(Object.entries(referred).map(([name, keys]) => [name, keys.toSorted()])));
  });
});

const CREDENTIALS = {
  bots: [{ id: '1', secret: 's' }],
  tokens: { viewer: 'v', agent: 'a', admin: 'd' },
  masterKey: 'k',
};
