import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { installKafka } from './kafka-distribution.js';
import { brokersSeenBy } from './kafka-metadata.js';
import { KafkaNode, recordClasses } from './kafka-node.js';
import type { NodeAddress, SafeListeners } from './kafka-settings.js';
import { claimPort, freePort } from './ports.js';
import type { Reaper } from './reaper.js';
import type { BrokerSet } from './stack.js';
import { secondsSince } from './supervised-process.js';

/** What an embedded cluster needs. */
export interface EmbeddedKafkaOptions {
  readonly folder: string;
  readonly count: 1 | 3;
  readonly port?: number;
  readonly throwaway: boolean;
  readonly cache: string;
  readonly reaper: Reaper;
  readonly onProgress: (line: string) => void;
  /** For one broker. */
  readonly safe?: SafeListeners;
}

// Kafka refuses to start on the data of another cluster, so a kept folder keeps its id.
async function clusterIdOf(folder: string): Promise<string> {
  const file = join(folder, 'cluster-id');
  const kept = await readFile(file, 'utf8').catch(() => undefined);
  if (kept) return kept;
  const fresh = randomBytes(16).toString('base64url');
  await writeFile(file, fresh);
  return fresh;
}

async function addressesOf(options: EmbeddedKafkaOptions): Promise<NodeAddress[]> {
  const addresses: NodeAddress[] = [];
  for (let index = 0; index < options.count; index += 1) {
    const fixed = options.port === undefined ? undefined : options.port + index;
    const port = await claimPort('Kafka', fixed);
    addresses.push({ nodeId: index + 1, port, controllerPort: await freePort() });
  }
  return addresses;
}

async function untilAllSeeAll(brokers: readonly string[]): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const views = await Promise.all(brokers.map(brokersSeenBy));
    if (views.every((ids) => ids.length === brokers.length)) return;
    if (Date.now() > deadline) throw new Error('The Kafka brokers did not find each other within 30 s.');
    await sleep(50);
  }
}

class EmbeddedBrokers implements BrokerSet {
  readonly brokers: string[];

  constructor(private readonly nodes: readonly KafkaNode[]) {
    this.brokers = nodes.map((node) => `127.0.0.1:${node.spec.address.port}`);
  }

  get count(): number {
    return this.nodes.length;
  }

  pids(): number[] {
    return this.nodes.flatMap((node) => node.pid ?? []);
  }

  async freeze(): Promise<() => Promise<void>> {
    const pids = this.pids();
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    return async () => {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    };
  }

  async start(index?: number): Promise<void> {
    await this.each(index, (node) => node.start());
    if (index === undefined) await untilAllSeeAll(this.brokers);
  }

  async stop(index?: number): Promise<void> {
    await this.each(index, (node) => node.stop());
  }

  async kill(index?: number): Promise<void> {
    await this.each(index, (node) => node.kill());
  }

  async restart(index?: number): Promise<void> {
    await this.stop(index);
    await this.start(index);
  }

  private async each(index: number | undefined, act: (node: KafkaNode) => Promise<void>): Promise<void> {
    const chosen = index === undefined ? this.nodes : this.nodes.slice(index, index + 1);
    if (chosen.length === 0)
      throw new RangeError(`There is no broker ${index}: the first is 0, the last ${this.count - 1}.`);
    await Promise.all(chosen.map(act));
  }
}

/** Installs Kafka if need be and starts one or three brokers on the folder. A failed start leaves none running. */
export async function startEmbeddedKafka(options: EmbeddedKafkaOptions): Promise<BrokerSet> {
  const { folder, reaper, throwaway } = options;
  await mkdir(folder, { recursive: true });
  const distribution = await installKafka({
    cache: options.cache,
    reaper,
    onProgress: options.onProgress,
    makeArchive: (of, archive) => recordClasses(of, archive, reaper),
  });
  const began = Date.now();
  const clusterId = await clusterIdOf(folder);
  const nodes = await addressesOf(options);
  const brokers = new EmbeddedBrokers(
    nodes.map((address) => {
      const spec = { address, nodes, folder: join(folder, `broker-${address.nodeId}`), clusterId, distribution };
      return new KafkaNode({ ...spec, throwaway, ...(options.safe ? { safe: options.safe } : {}) }, reaper);
    }),
  );
  try {
    await brokers.start();
  } catch (error) {
    await brokers.kill();
    throw error;
  }
  options.onProgress(`Kafka is ready on ${brokers.brokers.join(', ')} (${secondsSince(began)})`);
  return brokers;
}
