/** A Kafka cluster in memory: topics, transactional ids, groups. Several connections may share one. */
import type { TopicDeclaration } from '@onceline/contracts';
import { sizeOf } from '../batching-producer.js';
import { KafkaError } from '../errors.js';
import type { OutgoingRecord, TransactionContents } from '../port.js';
import { missingTopic } from '../topic-problems.js';
import type { StampedRecord, TopicPartition } from '../wire.js';
import { InMemoryGroup } from './group.js';
import { PartitionLog, type LoggedTransaction } from './partition-log.js';

const MAX_MESSAGE_BYTES = 1_048_588;

interface Topic {
  readonly logs: readonly PartitionLog[];
  readonly maxBytes: number;
}

interface TransactionalId {
  epoch: number;
  open: { transaction: LoggedTransaction; logs: Set<PartitionLog>; timer: NodeJS.Timeout } | undefined;
}

/** What happened is visible at once, as on a broker: a call is over when it is answered, and a lost answer changes nothing. */
export class InMemoryCluster {
  private readonly topics = new Map<string, Topic>();
  private readonly ids = new Map<string, TransactionalId>();
  private readonly groups = new Map<string, InMemoryGroup>();
  private readonly listeners = new Set<() => void>();
  private available = true;

  /** Turns the whole cluster off and on: while it is off every call rejects with `unavailable` and nothing is fetched. */
  setAvailable(available: boolean): void {
    this.available = available;
    this.changed();
  }

  /** As retention does: the records of a partition before an offset are gone. */
  deleteRecords(topic: string, partition: number, before: number): void {
    this.log({ topic, partition }).deleteBefore(before);
    this.changed();
  }

  /** Every call begins here: an answer takes at least a turn, and needs a cluster that is there. */
  async reach(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (!this.available) throw new KafkaError('unavailable', 'the in-memory cluster is turned off');
  }

  isAvailable(): boolean {
    return this.available;
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  changed(): void {
    for (const listener of this.listeners) listener();
  }

  create({ name, partitions, config }: TopicDeclaration): boolean {
    if (this.topics.has(name)) return false;
    const logs = Array.from({ length: partitions }, (_, partition) => new PartitionLog({ topic: name, partition }));
    this.topics.set(name, { logs, maxBytes: Number(config['max.message.bytes'] ?? MAX_MESSAGE_BYTES) });
    return true;
  }

  counts(): Map<string, number> {
    return new Map([...this.topics].map(([name, { logs }]) => [name, logs.length]));
  }

  logs(topic: string): readonly PartitionLog[] {
    const found = this.topics.get(topic);
    if (found === undefined) throw new KafkaError('topic-mismatch', missingTopic(topic));
    return found.logs;
  }

  log({ topic, partition }: TopicPartition): PartitionLog {
    const log = this.logs(topic)[partition];
    if (log === undefined) throw new KafkaError('topic-mismatch', `topic "${topic}" has no partition ${partition}`);
    return log;
  }

  group(id: string): InMemoryGroup {
    let group = this.groups.get(id);
    if (group === undefined) this.groups.set(id, (group = new InMemoryGroup(this)));
    return group;
  }

  write(target: TopicPartition, records: readonly OutgoingRecord[], transaction?: LoggedTransaction): number {
    const log = this.log(target);
    const { maxBytes } = this.topics.get(target.topic)!;
    const bytes = records.reduce((sum, record) => sum + sizeOf(record), 0);
    if (bytes > maxBytes) {
      const message = `${bytes} bytes for ${target.topic}/${target.partition}, which takes ${maxBytes}`;
      throw new KafkaError('record-too-large', message);
    }
    const first = log.append(records.map(stamped), transaction);
    this.changed();
    return first;
  }

  /** Takes a transactional id over and answers its new epoch; an open transaction is aborted. */
  fence(id: string): number {
    const known = this.ids.get(id) ?? { epoch: 0, open: undefined };
    this.ids.set(id, known);
    known.epoch++;
    this.finish(known, 'aborted');
    return known.epoch;
  }

  begin(id: string, epoch: number, timeoutMs: number): LoggedTransaction {
    const known = this.current(id, epoch);
    const timer = setTimeout(() => this.finish(known, 'aborted'), timeoutMs);
    timer.unref();
    known.open = { transaction: { state: 'open' }, logs: new Set(), timer };
    return known.open.transaction;
  }

  writeIn(id: string, epoch: number, target: TopicPartition, records: readonly OutgoingRecord[]): void {
    const { open } = this.current(id, epoch);
    if (open === undefined) throw new KafkaError('transaction-failed', `the transaction of "${id}" was aborted`);
    open.logs.add(this.log(target));
    this.write(target, records, open.transaction);
  }

  commit(id: string, epoch: number, offset: TransactionContents['offset']): void {
    const known = this.current(id, epoch);
    if (known.open === undefined) throw new KafkaError('transaction-failed', `the transaction of "${id}" was aborted`);
    this.finish(known, 'committed');
    if (offset !== undefined) this.group(offset.groupId).commit([offset]);
  }

  private current(id: string, epoch: number): TransactionalId {
    const known = this.ids.get(id);
    if (known === undefined || known.epoch !== epoch) {
      throw new KafkaError('fenced', `another producer took over transactional id "${id}"`);
    }
    return known;
  }

  private finish(known: TransactionalId, state: 'committed' | 'aborted'): void {
    const { open } = known;
    if (open === undefined) return;
    known.open = undefined;
    clearTimeout(open.timer);
    open.transaction.state = state;
    for (const log of open.logs) log.end(open.transaction);
    this.changed();
  }
}

function stamped(record: OutgoingRecord): StampedRecord {
  return { ...record, timestamp: record.timestamp ?? Date.now() };
}
