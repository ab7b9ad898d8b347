import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exclusively } from './cache.js';
import { jvmArguments } from './kafka-distribution.js';
import type { KafkaDistribution } from './kafka-distribution.js';
import { brokersSeenBy } from './kafka-metadata.js';
import { bootstrapCheckpoint, metaProperties, serverProperties } from './kafka-settings.js';
import type { NodeAddress, SafeListeners } from './kafka-settings.js';
import { freePort } from './ports.js';
import { livingProcess } from './process-file.js';
import type { Reaper } from './reaper.js';
import { runToEnd, SupervisedProcess, untilReady } from './supervised-process.js';

/** One broker of an embedded cluster. */
export interface KafkaNodeSpec {
  readonly address: NodeAddress;
  /** All nodes, this one included. */
  readonly nodes: readonly NodeAddress[];
  readonly folder: string;
  readonly clusterId: string;
  readonly distribution: KafkaDistribution;
  /** The data is not wanted after the end: no orderly one is needed when this process dies. */
  readonly throwaway: boolean;
  readonly archiveTo?: string;
  readonly safe?: SafeListeners;
}

const READY_WITHIN_MS = 60_000;

async function formatOnce(logFolder: string, spec: KafkaNodeSpec, reaper: Reaper): Promise<void> {
  if (existsSync(join(logFolder, 'meta.properties'))) return;
  if (spec.safe !== undefined) return formatWithUsers(spec, spec.safe.users, reaper);
  await mkdir(logFolder, { recursive: true });
  await writeFile(join(logFolder, 'bootstrap.checkpoint'), bootstrapCheckpoint());
  // Last, because its presence says that the folder is formatted.
  await writeFile(join(logFolder, 'meta.properties'), metaProperties(spec.address.nodeId, spec.clusterId));
}

/** Kafka's own tool: users are records of the metadata, which begins here. */
async function formatWithUsers(spec: KafkaNodeSpec, users: SafeListeners['users'], reaper: Reaper): Promise<void> {
  const credentials = users.flatMap(({ username, password }) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${username},password=${password}]`,
    ]),
  );
  await runToEnd(
    {
      command: spec.distribution.java.command,
      args: [
        ...jvmArguments(spec.distribution, '128m'),
        ...['kafka.tools.StorageTool', 'format', '--cluster-id', spec.clusterId],
        ...['--config', join(spec.folder, 'server.properties'), ...credentials],
      ],
      cwd: spec.folder,
      logFile: join(spec.folder, 'format.log'),
      stopSignal: 'SIGTERM',
    },
    reaper,
  );
}

async function launch(spec: KafkaNodeSpec, reaper: Reaper): Promise<SupervisedProcess> {
  const logFolder = join(spec.folder, 'log');
  const settingsFile = join(spec.folder, 'server.properties');
  await writeFile(settingsFile, serverProperties(spec.address, spec.nodes, logFolder, spec.safe));
  await formatOnce(logFolder, spec, reaper);
  const heap = spec.nodes.length === 1 ? '256m' : '192m';
  return new SupervisedProcess(
    {
      command: spec.distribution.java.command,
      args: [
        ...jvmArguments(spec.distribution, heap, spec.archiveTo),
        `-Dlog4j2.configurationFile=${join(spec.distribution.jars, 'log4j2.xml')}`,
        'kafka.Kafka',
        settingsFile,
      ],
      cwd: spec.folder,
      logFile: join(spec.folder, 'server.log'),
      stopSignal: 'SIGTERM',
      orphanSignal: spec.throwaway ? 'SIGKILL' : 'SIGTERM',
    },
    reaper,
  );
}

// Kafka's own lock comes too late: a second broker on the same folder first takes its metadata log over, and damages it.
async function launchAlone(spec: KafkaNodeSpec, reaper: Reaper): Promise<SupervisedProcess> {
  await mkdir(spec.folder, { recursive: true });
  const pidFile = join(spec.folder, 'broker.pid');
  const claim = async () => {
    const other = livingProcess(pidFile, join(spec.folder, 'server.properties'));
    if (other !== undefined) {
      throw new Error(`Another stack is at work in ${spec.folder}: its Kafka broker is process ${other}.`);
    }
    const launched = await launch(spec, reaper);
    await writeFile(pidFile, String(launched.pid ?? ''));
    return launched;
  };
  return exclusively(join(spec.folder, 'start.lock'), claim);
}

/** One broker process on its folder and ports, through all its restarts. */
export class KafkaNode {
  private process: SupervisedProcess | undefined;

  constructor(
    readonly spec: KafkaNodeSpec,
    private readonly reaper: Reaper,
  ) {}

  get pid(): number | undefined {
    return this.process?.running ? this.process.pid : undefined;
  }

  /** Resolves when the broker itself says that it is in service. Of a running broker: nothing happens. */
  async start(): Promise<void> {
    if (this.process?.running) return;
    const { address } = this.spec;
    const started = await launchAlone(this.spec, this.reaper);
    this.process = started;
    const inService = async () => (await brokersSeenBy(`127.0.0.1:${address.port}`)).includes(address.nodeId);
    const patience = { withinMs: READY_WITHIN_MS, everyMs: 20 };
    await untilReady(`Kafka broker ${address.nodeId}`, started, inService, patience);
  }

  async stop(): Promise<void> {
    await this.process?.stop();
  }

  async kill(): Promise<void> {
    await this.process?.kill();
  }
}

/** Runs a broker of its own once, only to have the JVM write the archive of the classes that it loaded. */
export async function recordClasses(distribution: KafkaDistribution, archive: string, reaper: Reaper): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'onceline-classes-'));
  const address = { nodeId: 1, port: await freePort(), controllerPort: await freePort() };
  const spec = { address, nodes: [address], folder, clusterId: 'b25jZWxpbmUtY2xhc3NlcA', distribution };
  const node = new KafkaNode({ ...spec, throwaway: false, archiveTo: archive }, reaper);
  try {
    await node.start();
    await node.stop();
    if ((await stat(archive)).size === 0) throw new Error('the class archive is empty');
  } finally {
    await node.kill();
    await rm(folder, { recursive: true, force: true });
  }
}
