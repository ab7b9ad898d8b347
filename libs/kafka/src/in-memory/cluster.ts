/** A Kafka cluster in memory: topics, transactional ids, groups. Several connections may share one. */
import type { TopicDeclaration } from '@onceline/contracts';
import { sizeOf } from '../batching-producer.js';
import { KafkaError } from '../errors.js';
import type { OutgoingRecord, TransactionContents } from '../port.js';
import { missingTopic } from '../topic-problems.js';
import type { FoundSettings, SettingDifference } from '../topic-settings.js';
import type { StampedRecord, TopicPartition } from '../wire.js';
import { InMemoryGroup } from './group.js';
import { PartitionLog } from './partition-log.js';

/** Kafka's own defaults of the settings that this system declares and that matter here. */
const DEFAULT_SETTINGS = { 'max.message.bytes': '1048588', 'retention.ms': '604800000', 'cleanup.policy': 'delete' };

interface Topic {
  readonly logs: readonly PartitionLog[];
  readonly settings: Map<string, string>;
}

type InputOffset = NonNullable<TransactionContents['offset']>;

interface TransactionalId {
  epoch: number;
  open: { logs: Set<PartitionLog>; groups: Set<string>; timer: NodeJS.Timeout } | undefined;
  /** By group, as its coordinator holds them until the marker comes. */
  readonly pending: Map<string, InputOffset>;
}

/** Where the marker of an ended transaction goes: a partition, or the offsets of a group. */
export type MarkerTarget = TopicPartition | { readonly groupId: string };

/** What happened is visible at once, as on a broker: a call is over when it is answered, and a lost answer changes nothing. */
export class InMemoryCluster {
  private readonly topics = new Map<string, Topic>();
  private readonly ids = new Map<string, TransactionalId>();
  private readonly groups = new Map<string, InMemoryGroup>();
  private readonly listeners = new Set<() => void>();
  private available = true;
  private losesMarker: (target: MarkerTarget) => boolean = () => false;

  /** Turns the whole cluster off and on: while it is off every call rejects with `unavailable` and nothing is fetched. */
  setAvailable(available: boolean): void {
    this.available = available;
    this.changed();
  }

  /** As a coordinator does that finds no leader: it skips the marker and calls the transaction ended. */
  loseMarkers(when: (target: MarkerTarget) => boolean): void {
    this.losesMarker = when;
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
    this.topics.set(name, { logs, settings: new Map(Object.entries({ ...DEFAULT_SETTINGS, ...config })) });
    return true;
  }

  settings(): FoundSettings {
    return new Map([...this.topics].map(([name, { settings }]) => [name, settings]));
  }

  set({ topic, setting, declared }: SettingDifference): void {
    this.topics.get(topic)?.settings.set(setting, declared);
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

  write(target: TopicPartition, records: readonly OutgoingRecord[], writer?: string): number {
    const log = this.log(target);
    const maxBytes = Number(this.topics.get(target.topic)!.settings.get('max.message.bytes'));
    const bytes = records.reduce((sum, record) => sum + sizeOf(record), 0);
    if (bytes > maxBytes) {
      const message = `${bytes} bytes for ${target.topic}/${target.partition}, which takes ${maxBytes}`;
      throw new KafkaError('record-too-large', message);
    }
    const first = log.append(records.map(stamped), writer);
    this.changed();
    return first;
  }

  /** Takes a transactional id over and answers its new epoch; an open transaction is aborted. */
  fence(id: string): number {
    const known = this.ids.get(id) ?? { epoch: 0, open: undefined, pending: new Map<string, InputOffset>() };
    this.ids.set(id, known);
    known.epoch++;
    this.finish(id, known, 'aborted');
    return known.epoch;
  }

  begin(id: string, epoch: number, timeoutMs: number): void {
    const known = this.current(id, epoch);
    const timer = setTimeout(() => this.finish(id, known, 'aborted'), timeoutMs);
    timer.unref();
    known.open = { logs: new Set(), groups: new Set(), timer };
  }

  /** Makes the partition part of the transaction, and writes to it. */
  writeIn(id: string, epoch: number, target: TopicPartition, records: readonly OutgoingRecord[]): void {
    this.inTransaction(id, epoch).open.logs.add(this.log(target));
    if (records.length > 0) this.write(target, records, id);
  }

  /** Makes the group part of the transaction, with an offset or with what is pending there. */
  offsetIn(id: string, epoch: number, groupId: string, offset?: InputOffset): void {
    const known = this.inTransaction(id, epoch);
    known.open.groups.add(groupId);
    if (offset !== undefined) known.pending.set(groupId, offset);
  }

  /** A marker written by hand. */
  mark(id: string, epoch: number, at: TopicPartition, state: 'committed' | 'aborted'): void {
    this.current(id, epoch);
    this.log(at).end(id, state);
    this.changed();
  }

  end(id: string, epoch: number, state: 'committed' | 'aborted'): void {
    this.finish(id, this.inTransaction(id, epoch), state);
  }

  private inTransaction(id: string, epoch: number) {
    const known = this.current(id, epoch);
    const { open } = known;
    if (open === undefined) throw new KafkaError('transaction-failed', `the transaction of "${id}" was aborted`);
    return Object.assign(known, { open });
  }

  private current(id: string, epoch: number): TransactionalId {
    const known = this.ids.get(id);
    if (known === undefined || known.epoch !== epoch) {
      throw new KafkaError('fenced', `another producer took over transactional id "${id}"`);
    }
    return known;
  }

  private finish(id: string, known: TransactionalId, state: 'committed' | 'aborted'): void {
    const { open, pending } = known;
    if (open === undefined) return;
    known.open = undefined;
    clearTimeout(open.timer);
    for (const log of open.logs) if (!this.losesMarker(log.at)) log.end(id, state);
    for (const groupId of open.groups) {
      if (this.losesMarker({ groupId })) continue;
      const offset = pending.get(groupId);
      pending.delete(groupId);
      if (state === 'committed' && offset !== undefined) this.group(groupId).commit([offset]);
    }
    this.changed();
  }
}

function stamped(record: OutgoingRecord): StampedRecord {
  return { ...record, timestamp: record.timestamp ?? Date.now() };
}
