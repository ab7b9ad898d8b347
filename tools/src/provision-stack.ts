import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { topicDeclarations, type TopicSettings } from '@onceline/contracts';
import { connectKafka, describeDifference, type AlignedTopics, type Kafka, type KafkaOptions } from '@onceline/kafka';
import { repositoryRoot } from './repository-root.js';

/** Where to provision. */
export interface ProvisionOptions extends TopicSettings {
  readonly brokers: readonly string[];
  /** TLS and login at the brokers; the programs for the migrations read those of the database themselves. */
  readonly security?: Pick<KafkaOptions, 'tls'> & Pick<KafkaOptions, 'sasl'>;
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

function connect({ brokers, security }: ProvisionOptions): Kafka {
  return connectKafka({ brokers, clientId: 'onceline-provision', ...security });
}

async function provisionTopics(options: ProvisionOptions): Promise<ProvisionedTopics> {
  const { replicationFactor } = options;
  const declared = topicDeclarations(options);
  const kafka = connect(options);
  try {
    const created = await kafka.admin.createMissing(declared, { replicationFactor });
    const problems = await kafka.admin.check(declared);
    if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('\n'));
    return { created, ...(await kafka.admin.raiseSettings(declared)) };
  } finally {
    await kafka.close();
  }
}

/** What {@link provision} would find to do or to tell, one sentence each; changes nothing. */
export async function checkProvisioned(options: ProvisionOptions): Promise<readonly string[]> {
  const [topics, migrations] = await Promise.all([checkTopics(options), checkMigrations(options.databaseUrl)]);
  return [...topics, ...migrations];
}

async function checkTopics(options: ProvisionOptions): Promise<readonly string[]> {
  const declared = topicDeclarations(options);
  const kafka = connect(options);
  try {
    const problems = await kafka.admin.check(declared);
    const differences = await kafka.admin.compareSettings(declared);
    return [...problems.map(({ message }) => message), ...differences.map(describeDifference)];
  } finally {
    await kafka.close();
  }
}

/** Services with tables of their own; each has a program that runs its migrations, here as in a cluster. */
const SERVICES_WITH_TABLES = ['ticketing', 'retry'];

async function migrate(databaseUrl: string): Promise<void> {
  // All are waited for, so that none goes on after a failure was reported.
  const ended = await Promise.all(SERVICES_WITH_TABLES.map((service) => runMigrationProgram(service, databaseUrl)));
  const failures = ended.flatMap(({ code, words }, index) =>
    code === 0 ? [] : [`the migrations of ${SERVICES_WITH_TABLES[index]} failed:\n${words}`],
  );
  if (failures.length > 0) throw new Error(failures.join('\n'));
}

async function checkMigrations(databaseUrl: string): Promise<readonly string[]> {
  const pending = await Promise.all(SERVICES_WITH_TABLES.map((service) => pendingMigrationsOf(service, databaseUrl)));
  return pending.flat();
}

async function pendingMigrationsOf(service: string, databaseUrl: string): Promise<readonly string[]> {
  const { code, lines, words } = await runMigrationProgram(service, databaseUrl, ['--check']);
  // It also ends with 1 when it fails, and then has nothing to list.
  if (code !== 0 && lines.length === 0) throw new Error(`the migrations of ${service} could not be checked:\n${words}`);
  return lines.map((line) => `${service}: ${line}`);
}

interface EndedProgram {
  readonly code: number | null;
  /** Of standard output. */
  readonly lines: readonly string[];
  /** All it said. */
  readonly words: string;
}

async function runMigrationProgram(
  service: string,
  databaseUrl: string,
  args: readonly string[] = [],
): Promise<EndedProgram> {
  const program = join(repositoryRoot(), 'apps', service, 'dist/migrate.js');
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let words = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (words += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, lines: said.split('\n').filter((line) => line !== ''), words };
}
