import { mkdtempSync } from 'node:fs';
import { chmod, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { defaultCacheFolder } from './cache.js';
import { startEmbeddedKafka } from './embedded-kafka.js';
import { startEmbeddedPostgres } from './embedded-postgres.js';
import { externalBrokers, externalDatabase } from './external-stack.js';
import { startReaper } from './reaper.js';
import type { BrokerSet, Database, Stack, StackOptions } from './stack.js';

/** The part of the environment that decides where the stack comes from. */
export type StackEnvironment = Readonly<Record<string, string | undefined>>;

/** Where each half of the stack comes from. */
export interface StackSources {
  readonly kafka: 'none' | 'embedded' | 'containers' | 'external';
  readonly postgres: 'none' | 'embedded' | 'containers' | 'external';
}

/** Decides from the options, then from the environment. A half that no address names is started here. */
export function chooseSources(options: StackOptions, environment: StackEnvironment): StackSources {
  const { STACK: stack, KAFKA_BROKERS: brokers, DATABASE_URL: url } = environment;
  if (options.mode === undefined && stack && stack !== 'containers' && stack !== 'embedded') {
    throw new Error(`STACK must be "embedded" or "containers", and is "${stack}".`);
  }
  const mode = options.mode ?? (stack === 'containers' ? 'containers' : undefined);
  const choose = (wanted: boolean | undefined, address: string | undefined, setting: string) => {
    if (wanted === false) return 'none';
    if (mode === 'external' && !address) throw new Error(`An external stack needs ${setting}, and it is not set.`);
    return mode ?? (address ? 'external' : 'embedded');
  };
  return {
    kafka: choose(options.kafka, brokers, 'KAFKA_BROKERS'),
    postgres: choose(options.postgres, url, 'DATABASE_URL'),
  };
}

interface Parts {
  readonly kafka?: BrokerSet | undefined;
  readonly postgres?: Database | undefined;
  /** Frees what stands behind the parts. */
  readonly end: () => Promise<void>;
}

function assemble(parts: Parts): Stack {
  const absent = (what: string): never => {
    throw new Error(`This stack was started without ${what}.`);
  };
  let ended: Promise<void> | undefined;
  return {
    get kafka() {
      return parts.kafka ?? absent('Kafka');
    },
    get postgres() {
      return parts.postgres ?? absent('PostgreSQL');
    },
    stop: () => (ended ??= parts.end()),
  };
}

/** Waits for both, so that nothing starts after a failure was reported, and reports the first failure. */
async function both<A, B>(
  first: Promise<A>,
  second: Promise<B>,
  undo: (a: A | undefined, b: B | undefined) => Promise<void>,
): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([first, second]);
  if (a.status === 'fulfilled' && b.status === 'fulfilled') return [a.value, b.value];
  await undo(a.status === 'fulfilled' ? a.value : undefined, b.status === 'fulfilled' ? b.value : undefined);
  throw a.status === 'rejected' ? a.reason : (b as PromiseRejectedResult).reason;
}

async function startProcesses(
  options: StackOptions,
  sources: StackSources,
  environment: StackEnvironment,
): Promise<Stack> {
  const throwaway = options.folder === undefined;
  const folder = resolve(options.folder ?? mkdtempSync(join(tmpdir(), 'onceline-stack-')));
  // PostgreSQL may have to run as another user, who passes through here to a folder of its own.
  if (throwaway) await chmod(folder, 0o711);
  const reaper = startReaper(throwaway ? folder : undefined);
  const onProgress = options.onProgress ?? (() => undefined);
  const { ports } = options;
  const settings = { throwaway, reaper, onProgress };

  const kafka = async () => {
    if (sources.kafka === 'external') return externalBrokers(environment['KAFKA_BROKERS'] ?? '');
    if (sources.kafka === 'none') return undefined;
    return startEmbeddedKafka({
      ...settings,
      folder: join(folder, 'kafka'),
      count: options.brokers ?? 1,
      cache: resolve(options.cache ?? defaultCacheFolder()),
      ...(ports?.kafka === undefined ? {} : { port: ports.kafka }),
    });
  };
  const postgres = async () => {
    if (sources.postgres === 'external') return externalDatabase(environment['DATABASE_URL'] ?? '');
    if (sources.postgres === 'none') return undefined;
    return startEmbeddedPostgres({
      ...settings,
      folder: join(folder, 'postgres'),
      durable: options.durable ?? true,
      ...(ports?.postgres === undefined ? {} : { port: ports.postgres }),
    });
  };
  const end = async (brokers: BrokerSet | undefined, database: Database | undefined) => {
    const ours = [
      ...(sources.kafka === 'embedded' && brokers ? [brokers] : []),
      ...(sources.postgres === 'embedded' && database ? [database] : []),
    ];
    // Data that nobody wants needs no orderly end.
    await Promise.all(ours.map((part) => (throwaway ? part.kill() : part.stop())));
    if (throwaway) await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    reaper.dismiss();
  };
  const [brokers, database] = await both<BrokerSet | undefined, Database | undefined>(kafka(), postgres(), end);
  return assemble({ kafka: brokers, postgres: database, end: () => end(brokers, database) });
}

/**
 * Starts a real Kafka and a real PostgreSQL, or takes those that the environment names, and resolves when both answer.
 * A failed start leaves nothing running, and neither does the death of this process, whatever its cause.
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const sources = chooseSources(options, process.env);
  return startProcesses(options, sources, process.env);
}
