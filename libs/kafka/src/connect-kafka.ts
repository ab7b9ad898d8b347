/** The real thing: the port over kafkajs. */
import type { Admin } from 'kafkajs';
import { toKafkaError } from './client/client-errors.js';
import { newClient } from './client/client.js';
import { ClientLogReader } from './client/log-reader.js';
import { ClientGroupMember } from './client/membership.js';
import { openProduceWire } from './client/produce.js';
import { ClientTopicAdmin } from './client/provisioning.js';
import { ClientTransactionWire } from './client/transactions.js';
import type { Kafka, KafkaOptions } from './port.js';
import type { GroupMember, GroupMemberOptions, LogReader, ProduceWire, TransactionWire, Wires } from './wire.js';
import { WiredKafka } from './wired-kafka.js';

/** A connection to a real cluster. Nothing is opened before it is needed. */
export function connectKafka(options: KafkaOptions): Kafka {
  return new WiredKafka(new ClientWires(options));
}

class ClientWires implements Wires {
  readonly admin: ClientTopicAdmin;
  readonly transactions: TransactionWire;
  readonly markersWithinMs = 5000;
  private readonly clientAdmin: Lazy<Admin>;
  private readonly logReader: Lazy<ClientLogReader>;

  constructor(private readonly options: KafkaOptions) {
    this.clientAdmin = new Lazy(
      () => connectAdmin(options),
      (admin) => admin.disconnect(),
    );
    this.logReader = new Lazy(
      () => ClientLogReader.open(options),
      (reader) => reader.close(),
    );
    this.admin = new ClientTopicAdmin(
      () => this.clientAdmin.get(),
      () => this.logReader.get(),
    );
    this.transactions = new ClientTransactionWire(options, (error) => this.report('a discarded producer', error));
  }

  async openProduce(deliveryTimeoutMs: number): Promise<ProduceWire> {
    return openProduceWire(this.options, this.admin, deliveryTimeoutMs);
  }

  reader(): Promise<LogReader> {
    return this.logReader.get();
  }

  member(options: GroupMemberOptions): GroupMember {
    return new ClientGroupMember(this.options, options, this.admin, async (groupId, memberId) =>
      (await this.logReader.get()).leaveGroup(groupId, memberId),
    );
  }

  report(what: string, error: unknown): void {
    const message = `${what}: ${error instanceof Error ? error.message : String(error)}`;
    this.options.log?.({ level: 'warn', message, fields: {} });
  }

  async close(): Promise<void> {
    await Promise.all([this.clientAdmin.close(), this.logReader.close()]);
  }
}

/** Opened at first use, once; a failed opening is tried again at the next use. */
class Lazy<T> {
  private opening: Promise<T> | undefined;

  constructor(
    private readonly open: () => Promise<T>,
    private readonly shut: (value: T) => Promise<void>,
  ) {}

  get(): Promise<T> {
    this.opening ??= this.open().catch((error: unknown) => {
      this.opening = undefined;
      throw error;
    });
    return this.opening;
  }

  async close(): Promise<void> {
    if (this.opening !== undefined) await this.shut(await this.opening);
  }
}

async function connectAdmin(options: KafkaOptions): Promise<Admin> {
  const admin = newClient(options).admin();
  try {
    await admin.connect();
    return admin;
  } catch (error) {
    throw toKafkaError(error, 'connecting to the brokers');
  }
}
