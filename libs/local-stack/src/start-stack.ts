import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { defaultCacheFolder } from './cache.js';
import { chooseSources } from './choose-sources.js';
import type { Source, StackSources } from './choose-sources.js';
import { startContainerKafka } from './container-kafka.js';
import { startContainerPostgres } from './container-postgres.js';
import { startEmbeddedKafka } from './embedded-kafka.js';
import { startEmbeddedPostgres } from './embedded-postgres.js';
import { externalBrokers, externalDatabase } from './external-stack.js';
import { startReaper } from './reaper.js';
import type { Reaper } from './reaper.js';
import type { BrokerSet, Database, Removable, Stack, StackOptions } from './stack.js';

interface Surroundings {
  readonly folder: string;
  /** Nobody asked for the folder: it goes at the end. */
  readonly throwaway: boolean;
  readonly reaper: Reaper;
  readonly onProgress: (line: string) => void;
}

async function surroundingsOf(options: StackOptions): Promise<Surroundings> {
  const throwaway = options.folder === undefined;
  const folder = resolve(options.folder ?? mkdtempSync(join(tmpdir(), 'onceline-stack-')));
  // PostgreSQL may have to run as another user, who passes through here to a folder of its own.
  if (throwaway) await chmod(folder, 0o711);
  const reaper = startReaper(throwaway ? folder : undefined);
  return { folder, throwaway, reaper, onProgress: options.onProgress ?? (() => undefined) };
}

async function clearUp({ folder, throwaway, reaper }: Surroundings): Promise<void> {
  if (throwaway) await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  reaper.dismiss();
}

function asRemovable<Part extends BrokerSet | Database>(part: Part, throwaway: boolean): Removable<Part> {
  // Data that nobody wants needs no orderly end.
  return { part, remove: () => (throwaway ? part.kill() : part.stop()) };
}

function containerSettings(around: Surroundings, name: string, port: number | undefined) {
  const clone = createHash('sha256').update(around.folder).digest('hex').slice(0, 12);
  return {
    onProgress: around.onProgress,
    ...(port === undefined ? {} : { port }),
    ...(around.throwaway ? {} : { volume: `onceline-${clone}-${name}` }),
  };
}

// A database that was set up with a password keeps it, and its volume outlives the container.
async function containerPassword(folder: string): Promise<string> {
  const file = join(folder, 'container-password');
  const kept = await readFile(file, 'utf8').catch(() => undefined);
  if (kept) return kept;
  const fresh = randomBytes(12).toString('hex');
  await mkdir(folder, { recursive: true });
  await writeFile(file, fresh, { mode: 0o600 });
  return fresh;
}

async function startKafka(
  source: Source,
  options: StackOptions,
  around: Surroundings,
): Promise<Removable<BrokerSet> | undefined> {
  const port = options.ports?.kafka;
  if (source.from === 'none') return undefined;
  if (source.from === 'external') return { part: externalBrokers(source.address), remove: async () => undefined };
  if (source.from === 'containers') return startContainerKafka(containerSettings(around, 'kafka', port));
  const brokers = await startEmbeddedKafka({
    ...around,
    folder: join(around.folder, 'kafka'),
    count: options.brokers ?? 1,
    cache: resolve(options.cache ?? defaultCacheFolder()),
    ...(port === undefined ? {} : { port }),
  });
  return asRemovable(brokers, around.throwaway);
}

async function startPostgres(
  source: Source,
  options: StackOptions,
  around: Surroundings,
): Promise<Removable<Database> | undefined> {
  const port = options.ports?.postgres;
  const durable = options.durable ?? true;
  if (source.from === 'none') return undefined;
  if (source.from === 'external') return { part: externalDatabase(source.address), remove: async () => undefined };
  if (source.from === 'containers') {
    const password = await containerPassword(around.folder);
    return startContainerPostgres({ ...containerSettings(around, 'postgres', port), password, durable });
  }
  const database = await startEmbeddedPostgres({
    ...around,
    folder: join(around.folder, 'postgres'),
    durable,
    ...(port === undefined ? {} : { port }),
  });
  return asRemovable(database, around.throwaway);
}

async function startBoth(options: StackOptions, sources: StackSources, around: Surroundings) {
  // Both are waited for, so that nothing comes up after a failure was reported.
  const [kafka, postgres] = await Promise.allSettled([
    startKafka(sources.kafka, options, around),
    startPostgres(sources.postgres, options, around),
  ]);
  const end = async () => {
    const started = [kafka, postgres].flatMap((half) => (half.status === 'fulfilled' && half.value ? half.value : []));
    await Promise.all(started.map((half) => half.remove()));
    await clearUp(around);
  };
  if (kafka.status === 'fulfilled' && postgres.status === 'fulfilled') {
    return { kafka: kafka.value?.part, postgres: postgres.value?.part, end };
  }
  await end();
  throw kafka.status === 'rejected' ? kafka.reason : (postgres as PromiseRejectedResult).reason;
}

function absent(what: string): never {
  throw new Error(`This stack was started without ${what}.`);
}

/**
 * Starts a real Kafka and a real PostgreSQL, or takes those that the environment names, and resolves when both answer.
 * A failed start leaves nothing running, and neither does the death of this process, whatever its cause.
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const sources = chooseSources(options, process.env);
  const { kafka, postgres, end } = await startBoth(options, sources, await surroundingsOf(options));
  let ended: Promise<void> | undefined;
  return {
    get kafka() {
      return kafka ?? absent('Kafka');
    },
    get postgres() {
      return postgres ?? absent('PostgreSQL');
    },
    stop: () => (ended ??= end()),
  };
}
