import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { topicDeclarations, type TopicSettings } from '@onceline/contracts';
import { connectKafka, type AlignedTopics } from '@onceline/kafka';
import { repositoryRoot } from './repository-root.js';

/** Where to provision. */
export interface ProvisionOptions extends TopicSettings {
  readonly brokers: readonly string[];
  readonly databaseUrl: string;
  readonly replicationFactor: number;
}

/** What became of the topics. */
export interface ProvisionedTopics extends AlignedTopics {
  readonly created: readonly string[];
}

/** Creates missing topics, raises settings of those that are there, and runs pending migrations; safe to repeat. */
export async function provision(options: ProvisionOptions): Promise<ProvisionedTopics> {
  const [topics] = await Promise.all([provisionTopics(options), migrate(options.databaseUrl)]);
  return topics;
}

async function provisionTopics({
  brokers,
  replicationFactor,
  ...settings
}: ProvisionOptions): Promise<ProvisionedTopics> {
  const declared = topicDeclarations({ replicationFactor, ...settings });
  const kafka = connectKafka({ brokers, clientId: 'onceline-provision' });
  try {
    const created = await kafka.admin.createMissing(declared, { replicationFactor });
    const problems = await kafka.admin.check(declared);
    if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('\n'));
    return { created, ...(await kafka.admin.raiseSettings(declared)) };
  } finally {
    await kafka.close();
  }
}

/** What {@link provision} would find to do or to tell about the topics, one sentence each; changes nothing. */
export async function checkTopics({
  brokers,
  replicationFactor,
  ...settings
}: Omit<ProvisionOptions, 'databaseUrl'>): Promise<readonly string[]> {
  const declared = topicDeclarations({ replicationFactor, ...settings });
  const kafka = connectKafka({ brokers, clientId: 'onceline-provision' });
  try {
    const problems = await kafka.admin.check(declared);
    const differences = (await kafka.admin.compareSettings(declared)).map(
      ({ topic, setting, found, declared: wanted }) =>
        `topic "${topic}" has ${setting} ${found}, declared is ${wanted}`,
    );
    return [...problems.map(({ message }) => message), ...differences];
  } finally {
    await kafka.close();
  }
}

/** Services with tables of their own; each has a program that runs its migrations, here as in a cluster. */
const SERVICES_WITH_TABLES = ['ticketing', 'retry'];

async function migrate(databaseUrl: string): Promise<void> {
  for (const service of SERVICES_WITH_TABLES) await migrateService(service, databaseUrl);
}

async function migrateService(service: string, databaseUrl: string): Promise<void> {
  const program = join(repositoryRoot(), 'apps', service, 'dist/migrate.js');
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let words = '';
  child.stdout.on('data', (chunk: Buffer) => (words += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`the migrations of ${service} failed:\n${words}`);
}
