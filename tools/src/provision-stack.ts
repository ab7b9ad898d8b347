import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { topicDeclarations, type TopicSettings } from '@onceline/contracts';
import { connectKafka } from '@onceline/kafka';
import { repositoryRoot } from './repository-root.js';

/** Where to provision. */
export interface ProvisionOptions extends TopicSettings {
  readonly brokers: readonly string[];
  readonly databaseUrl: string;
  readonly replicationFactor: number;
}

/** Creates missing topics and runs pending migrations; safe to repeat. Answers the names of the topics created. */
export async function provision(options: ProvisionOptions): Promise<readonly string[]> {
  const [created] = await Promise.all([provisionTopics(options), migrate(options.databaseUrl)]);
  return created;
}

async function provisionTopics({
  brokers,
  replicationFactor,
  ...settings
}: ProvisionOptions): Promise<readonly string[]> {
  const declared = topicDeclarations({ replicationFactor, ...settings });
  const kafka = connectKafka({ brokers, clientId: 'onceline-provision' });
  try {
    const created = await kafka.admin.createMissing(declared, { replicationFactor });
    const problems = await kafka.admin.check(declared);
    if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('\n'));
    return created;
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
