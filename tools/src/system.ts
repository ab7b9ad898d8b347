import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditSystem, type AuditReport } from '@onceline/audit';
import { connectKafka, type ConsumedRecord, type Kafka, type OutgoingRecord } from '@onceline/kafka';
import { startReaper, startStack, type Reaper, type Stack } from '@onceline/local-stack';
import { readConnectionSecurity } from '@onceline/service-kit/config';
import { writeAccess, type Access } from './access.js';
import { credentialSettings, newCredentials, type Credentials } from './demo-credentials.js';
import { provision } from './provision-stack.js';
import { ServiceProcess, type ServiceName } from './service-process.js';
import { topicSettingsOf } from './topic-settings.js';

/** The services in the order in which data flows through them. */
export const SERVICES: readonly ServiceName[] = ['ingress', 'dedupe', 'ticketing', 'retry'];

/** What a system can be told. */
export interface SystemOptions {
  /** Data, logs and nothing else; kept. A fresh temporary folder, removed at the stop, when absent. */
  readonly folder?: string;
  /** Brokers of the embedded cluster; with three, topics have three copies. Default 1. */
  readonly brokers?: 1 | 3;
  readonly credentials?: Credentials;
  /** Fixed ports; any free port where none is given. */
  readonly ports?: Partial<Record<ServiceName | 'kafka' | 'postgres', number>>;
  /** Further settings of every service. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Which services to start; all by default. */
  readonly services?: readonly ServiceName[];
  readonly onProgress?: (line: string) => void;
}

/** The whole system on a stack of its own. */
export class System {
  private readonly running: ServiceProcess[] = [];
  private readonly temporary: string | undefined;
  private readonly folder: string;
  readonly credentials: Credentials;
  private readonly reaper: Reaper;
  /** Of a cluster and a database that the environment names; the services inherit the same settings. */
  private readonly security = readConnectionSecurity(process.env);
  private started: Stack | undefined;

  private constructor(private readonly options: SystemOptions) {
    this.temporary = options.folder ? undefined : mkdtempSync(join(tmpdir(), 'onceline-'));
    this.folder = options.folder ?? this.temporary ?? '';
    this.credentials = options.credentials ?? newCredentials();
    this.reaper = startReaper();
    // The database server runs as another user and must get through.
    if (this.temporary) chmodSync(this.temporary, 0o755);
  }

  /** Brings up stack, topics, migrations and services; on any failure all that was started is stopped again. */
  static async start(options: SystemOptions = {}): Promise<System> {
    const system = new System(options);
    try {
      await system.bringUp();
      return system;
    } catch (error) {
      await system.stop();
      throw error;
    }
  }

  get stack(): Stack {
    if (!this.started) throw new Error('the stack has not started yet');
    return this.started;
  }

  /** All processes of one service. */
  instances(name: ServiceName): readonly ServiceProcess[] {
    return this.running.filter(({ settings }) => settings.name === name);
  }

  /** The first process of a service. */
  service(name: ServiceName): ServiceProcess {
    const [first] = this.instances(name);
    if (!first) throw new Error(`${name} was not started`);
    return first;
  }

  /** Starts one more process of a service, with settings of its own beside those of all, and waits until it is ready. */
  async addInstance(name: ServiceName, environment: SystemOptions['environment'] = {}): Promise<ServiceProcess> {
    const service = this.prepare(name, 0, environment);
    await service.start();
    return service;
  }

  /** Stops one process in order and forgets it. */
  async removeInstance(service: ServiceProcess): Promise<void> {
    this.running.splice(this.running.indexOf(service), 1);
    await service.stop();
  }

  /** Addresses and credentials, as `.onceline/access.json` holds them. */
  access(): Access {
    const { bots, tokens } = this.credentials;
    // The first process of a service speaks for it.
    const urlOf = (name: ServiceName): string => this.instances(name)[0]?.url ?? '';
    return {
      ingress: urlOf('ingress'),
      dedupe: urlOf('dedupe'),
      ticketing: urlOf('ticketing'),
      retry: urlOf('retry') || undefined,
      kafka: [...this.stack.kafka.brokers],
      database: this.stack.postgres.url,
      bots: [...bots],
      tokens: { ...tokens },
      pids: Object.fromEntries(SERVICES.map((name) => [name, this.instances(name)[0]?.pid ?? 0])),
    };
  }

  /** Writes {@link access} for the other commands, readable by its owner only. */
  writeAccess(file: string): void {
    writeAccess(this.access(), file);
  }

  /** All records of a topic, as committed readers see them. */
  async recordsOf(topic: string): Promise<readonly ConsumedRecord[]> {
    const kafka = this.connect('onceline-reader');
    const records: ConsumedRecord[] = [];
    try {
      await kafka.read(topic, (batch) => void records.push(...batch.records));
    } finally {
      await kafka.close();
    }
    return records;
  }

  /** Writes records past every service, as anybody who reaches the broker could. */
  async write(topic: string, records: readonly OutgoingRecord[]): Promise<void> {
    const kafka = this.connect('onceline-writer');
    try {
      const producer = await kafka.producer();
      await Promise.all(records.map((record) => producer.send(topic, record)));
    } finally {
      await kafka.close();
    }
  }

  /** The independent checker, once everything is settled or `waitMs` is over. */
  async audit(waitMs: number): Promise<AuditReport> {
    const kafka = this.connect('onceline-audit');
    try {
      const databaseUrl = this.stack.postgres.url;
      return await auditSystem({ kafka, databaseUrl, databaseTls: this.security.database.tls, waitMs });
    } finally {
      await kafka.close();
    }
  }

  /** Stops the services along the data path, then the stack. */
  async stop(): Promise<void> {
    for (const name of SERVICES) await Promise.all(this.instances(name).map((service) => service.stop()));
    await this.started?.stop();
    this.reaper.dismiss();
    if (this.temporary) rmSync(this.temporary, { recursive: true, force: true });
  }

  private connect(clientId: string): Kafka {
    return connectKafka({ brokers: this.stack.kafka.brokers, clientId, ...this.security.kafka });
  }

  private async bringUp(): Promise<void> {
    const { brokers = 1, ports = {}, services = SERVICES, onProgress = () => undefined } = this.options;
    const data = join(this.folder, 'data');
    mkdirSync(data, { recursive: true });
    this.started = await startStack({
      folder: data,
      brokers,
      onProgress,
      ports: {
        ...(ports.kafka ? { kafka: ports.kafka } : {}),
        ...(ports.postgres ? { postgres: ports.postgres } : {}),
      },
    });
    onProgress('topics and migrations');
    await provision({
      brokers: this.stack.kafka.brokers,
      databaseUrl: this.stack.postgres.url,
      security: this.security.kafka,
      replicationFactor: brokers,
      ...topicSettingsOf({ ...process.env, ...this.options.environment }),
    });
    onProgress(`services: ${services.join(', ')}`);
    // Retry asks ticketing, so that it must know where that listens; a fixed port is known before.
    const inOneGo = services.filter((name) => name !== 'retry' || ports.ticketing);
    await this.startServices(inOneGo);
    await this.startServices(services.filter((name) => !inOneGo.includes(name)));
  }

  private async startServices(names: readonly ServiceName[]): Promise<void> {
    const starting = names.map((name) => this.prepare(name, this.options.ports?.[name] ?? 0));
    await Promise.all(starting.map((service) => service.start()));
  }

  private prepare(name: ServiceName, port: number, own: SystemOptions['environment'] = {}): ServiceProcess {
    const service = new ServiceProcess({
      name,
      instance: this.instances(name).length + 1,
      logFolder: join(this.folder, 'logs'),
      environment: {
        KAFKA_BROKERS: this.stack.kafka.brokers.join(','),
        DATABASE_URL: this.stack.postgres.url,
        PORT: String(port),
        ...credentialSettings(this.credentials),
        ...masterKeysOfEnvironment(),
        ...this.ticketingAddress(),
        ...this.options.environment,
        ...own,
      },
      reaper: this.reaper,
    });
    this.running.push(service);
    return service;
  }

  private ticketingAddress(): Record<string, string> {
    const [first] = this.instances('ticketing');
    const port = this.options.ports?.ticketing;
    const url = first?.url || (port ? `http://127.0.0.1:${port}` : '');
    return url === '' ? {} : { TICKETING_URL: url };
  }
}

/** Who changes the master key gives several; a service that refuses them must be seen to refuse them. */
function masterKeysOfEnvironment(): Record<string, string> {
  const { MASTER_KEYS } = process.env;
  return MASTER_KEYS === undefined ? {} : { MASTER_KEYS };
}
