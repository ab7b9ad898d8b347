/** The version of Apache Kafka that the embedded and the containerised stack run. */
export const KAFKA_VERSION = '4.3.1';

// What `kafka-storage format` writes for 4.3.1: feature levels only, the same for every node and cluster. To write it
// here saves the start of a JVM. For another version: kafka.tools.StorageTool format, and copy the file.
const BOOTSTRAP_CHECKPOINT =
  'AAAAAAAAAAAAAABHAAAAAAK+LyWDACAAAAAAAAABog3RfnQAAAGiDdF+dP//////////////////AAAAASoAAAAIAAAAAxYAAAAAAAAAAAAAAAAA' +
  'AAAAAAAAAQAAAPEAAAAAAi0YP/UAAAAAAAUAAAGiDdF+hwAAAaIN0X6H//////////////////8AAAAGOgAAAAEuAQwAEW1ldGFkYXRhLnZlcnNp' +
  'b24AHgAAWgAAAgFOAQwAIWVsaWdpYmxlLmxlYWRlci5yZXBsaWNhcy52ZXJzaW9uAAEAADQAAAQBKAEMAA5ncm91cC52ZXJzaW9uAAEAADQAAAYB' +
  'KAEMAA5zaGFyZS52ZXJzaW9uAAEAADgAAAgBLAEMABBzdHJlYW1zLnZlcnNpb24AAQAAQAAACgE0AQwAFHRyYW5zYWN0aW9uLnZlcnNpb24AAgAA' +
  'AAAAAAAAAAcAAAA/AAAAAAL7fzvFACAAAAAAAAABog3RfogAAAGiDdF+iP//////////////////AAAAARoAAAAIAAAABAYAAAAA';

/** A broker's place in the cluster. */
export interface NodeAddress {
  readonly nodeId: number;
  readonly port: number;
  readonly controllerPort: number;
}

/** Beside the plain listener, which the broker and this library use: listeners for clients that prove who they are. */
export interface SafeListeners {
  readonly listeners: readonly {
    readonly name: string;
    readonly protocol: 'SASL_SSL' | 'SSL';
    readonly port: number;
  }[];
  /** What they need of `server.properties`. */
  readonly settings: Readonly<Record<string, string>>;
  /** Of SCRAM, whose users live in the cluster's metadata. */
  readonly users: readonly { readonly username: string; readonly password: string }[];
}

/** The bytes of `bootstrap.checkpoint`, one of the two files that make a formatted log folder. */
export function bootstrapCheckpoint(): Buffer {
  return Buffer.from(BOOTSTRAP_CHECKPOINT, 'base64');
}

/** The text of `meta.properties`, the other one. */
export function metaProperties(nodeId: number, clusterId: string): string {
  return `version=1\nnode.id=${nodeId}\ncluster.id=${clusterId}\n`;
}

// A partition must never be without a leader while its broker lives: the transaction coordinator of this version takes such a
// partition for deleted, skips its commit marker and calls the transaction complete; the records then hang until the next
// commit shows them twice. An orderly shutdown of the only broker takes its leadership first, so it is off, and a session that a
// busy machine overruns fences it, so it is not as short as a quick start after a crash would like.
const SESSION = {
  one: { 'controlled.shutdown.enable': false, 'broker.session.timeout.ms': 2000, 'broker.heartbeat.interval.ms': 250 },
  three: { 'broker.session.timeout.ms': 3000, 'broker.heartbeat.interval.ms': 500 },
};

/** What does not depend on where the brokers are: the same for processes and containers. */
export function clusterSettings(copies: number): Record<string, string | number | boolean> {
  const inSync = copies === 1 ? 1 : 2;
  return {
    'process.roles': 'broker,controller',
    'controller.listener.names': 'CONTROLLER',
    'auto.create.topics.enable': false,
    'default.replication.factor': copies,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': copies,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': inSync,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1000,
    ...(copies === 1 ? SESSION.one : SESSION.three),
    'num.network.threads': 2,
    'num.io.threads': 2,
    'background.threads': 2,
    'log.cleaner.dedupe.buffer.size': 16_777_216,
  };
}

/** The text of `server.properties` of one node. */
export function serverProperties(
  self: NodeAddress,
  nodes: readonly NodeAddress[],
  logFolder: string,
  safe?: SafeListeners,
): string {
  const forClients = [
    `PLAINTEXT://127.0.0.1:${self.port}`,
    ...(safe?.listeners ?? []).map(({ name, port }) => `${name}://127.0.0.1:${port}`),
  ];
  const protocols = (safe?.listeners ?? []).map(({ name, protocol }) => `${name}:${protocol}`);
  const settings = {
    'node.id': self.nodeId,
    listeners: [...forClients, `CONTROLLER://127.0.0.1:${self.controllerPort}`].join(','),
    'advertised.listeners': forClients.join(','),
    'listener.security.protocol.map': ['PLAINTEXT:PLAINTEXT', 'CONTROLLER:PLAINTEXT', ...protocols].join(','),
    'controller.quorum.voters': nodes.map((node) => `${node.nodeId}@127.0.0.1:${node.controllerPort}`).join(','),
    'log.dirs': logFolder,
    ...clusterSettings(nodes.length),
    ...safe?.settings,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** Kafka's own log: warnings and errors, on the standard output. */
export const LOG4J2_XML = `<?xml version="1.0" encoding="UTF-8"?>
<Configuration status="ERROR" shutdownHook="disable">
  <Appenders>
    <Console name="out" target="SYSTEM_OUT"><PatternLayout pattern="%d{ISO8601} %p %m (%c)%n"/></Console>
  </Appenders>
  <Loggers><Root level="WARN"><AppenderRef ref="out"/></Root></Loggers>
</Configuration>
`;

/** Maven's order for the broker's jars and an output for its log. */
export const POM_XML = `<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>onceline</groupId><artifactId>embedded-kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.25.4</version></dependency>
  </dependencies>
</project>
`;
