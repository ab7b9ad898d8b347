import { newContainer, RestartableContainer } from './container.js';
import { brokersSeenBy } from './kafka-metadata.js';
import { clusterSettings, KAFKA_VERSION } from './kafka-settings.js';
import { claimPort } from './ports.js';
import type { BrokerSet, Removable } from './stack.js';
import { secondsSince } from './supervised-process.js';

/** What a part of a stack in containers needs. */
export interface ContainerOptions {
  readonly port?: number;
  /** A volume of the engine that keeps the data; without one they go with the container. */
  readonly volume?: string;
  readonly onProgress: (line: string) => void;
}

const CLIENT_PORT = 9092;
// The advertised address is known only after the start, so the broker waits for the script that tells it.
const GATE = '/tmp/onceline-start.sh';
const WAITING = `waiting for ${GATE}`;

function environment(): Record<string, string> {
  const settings = {
    ...clusterSettings(1),
    'node.id': 1,
    listeners: `HOST://:${CLIENT_PORT},INTERNAL://:9093,CONTROLLER://:9094`,
    'listener.security.protocol.map': 'HOST:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'INTERNAL',
    'controller.quorum.voters': '1@localhost:9094',
    'log.dirs': '/var/lib/kafka/data',
  };
  const variables = Object.entries(settings).map(([name, value]) => [
    `KAFKA_${name.replaceAll('.', '_').toUpperCase()}`,
    String(value),
  ]);
  // A broker that lives for one suite never earns back what the second compiler costs.
  const jvm = { KAFKA_HEAP_OPTS: '-Xmx384m -XX:TieredStopAtLevel=1' };
  return { ...jvm, ...Object.fromEntries(variables) } as Record<string, string>;
}

/** One broker of the official image. */
export async function startContainerKafka(options: ContainerOptions): Promise<Removable<BrokerSet>> {
  const began = Date.now();
  const port = await claimPort('Kafka', options.port);
  const { Wait } = await import('testcontainers');
  const definition = (await newContainer(`apache/kafka:${KAFKA_VERSION}`))
    .withExposedPorts({ container: CLIENT_PORT, host: port })
    .withEnvironment(environment())
    .withEntrypoint(['bash', '-c', `echo ${WAITING}; until [ -s ${GATE} ]; do sleep 0.05; done; exec bash ${GATE}`])
    .withWaitStrategy(Wait.forLogMessage(WAITING));
  if (options.volume) definition.withBindMounts([{ source: options.volume, target: '/var/lib/kafka/data' }]);
  const started = await definition.start();
  const address = `${started.getHost()}:${port}`;
  const container = new RestartableContainer('Kafka', started, async () => (await brokersSeenBy(address)).includes(1));
  const advertise = `export KAFKA_ADVERTISED_LISTENERS=HOST://${address},INTERNAL://localhost:9093`;
  try {
    await started.copyContentToContainer([{ target: GATE, content: `${advertise}\nexec /etc/kafka/docker/run\n` }]);
    await container.untilReady();
  } catch (error) {
    await container.remove();
    throw error;
  }
  options.onProgress(`Kafka is ready on ${address}, in a container (${secondsSince(began)})`);
  return { part: new ContainerBroker(address, container), remove: () => container.remove() };
}

class ContainerBroker implements BrokerSet {
  readonly brokers: string[];
  readonly count = 1;

  constructor(
    address: string,
    private readonly container: RestartableContainer,
  ) {
    this.brokers = [address];
  }

  pids(): number[] {
    return [];
  }

  freeze(): Promise<() => Promise<void>> {
    return this.container.freeze();
  }

  async start(index?: number): Promise<void> {
    await this.only(index).start();
  }

  async stop(index?: number): Promise<void> {
    await this.only(index).stop();
  }

  async kill(index?: number): Promise<void> {
    await this.only(index).kill();
  }

  async restart(index?: number): Promise<void> {
    await this.stop(index);
    await this.start(index);
  }

  private only(index: number | undefined): RestartableContainer {
    if (index !== undefined && index !== 0) throw new RangeError(`There is no broker ${index}: the only one is 0.`);
    return this.container;
  }
}
