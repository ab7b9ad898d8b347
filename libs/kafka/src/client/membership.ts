/** One consumer group membership through kafkajs, restarted once when it dies and reported dead when that does not help. */
import type { Consumer, ConsumerCrashEvent, ConsumerEndBatchProcessEvent, EachBatchPayload } from 'kafkajs';
import { KafkaError } from '../errors.js';
import type { KafkaOptions, TopicAdmin } from '../port.js';
import type { FetchedBatch, GroupListener, GroupMember, GroupMemberOptions, TopicPartition } from '../wire.js';
import { toKafkaError } from './client-errors.js';
import { newClient } from './client.js';
import { GroupOffsets } from './group-offsets.js';
import { LastMembership } from './last-membership.js';
import { byTopic, keyOf, offsetsByTopic } from './partitions.js';
import { patientAssigner } from './patient-assigner.js';
import { toRecord } from './records.js';
import { Watchdog } from './watchdog.js';

/** How long a killed process keeps its partitions from the others; heartbeats go out every second. */
const SESSION_TIMEOUT_MS = 10_000;
const REBALANCE_TIMEOUT_MS = 60_000;
/** A paused partition waits up to this long after its resume, and a stop waits for it too. A record that arrives meanwhile ends the wait. */
const MAX_WAIT_MS = 100;
/** As many as batches may come in one fetch: all of them are then handed over in the same turn, and one call takes them all. */
const WORKERS = 64;
const SILENCE_MS = 30_000;
/** Nothing fetched for this long: the brokers are away, whatever the group was last told. */
const FRESH_MS = 5_000;
const STOP_LIMIT_MS = 15_000;
const RESTART_PAUSE_MS = 1000;
/** A second death within this time is not bad luck any more. */
const RESTART_BUDGET_MS = 300_000;

/** {@link GroupMember} over kafkajs. */
export class ClientGroupMember implements GroupMember {
  private listener!: GroupListener;
  private consumer!: Consumer;
  private watchdog!: Watchdog;
  /** Counts assignments: what was fetched under an older one may neither commit nor move the position. */
  private epoch = 0;
  private joined = false;
  /** Between a crash and the next assignment kafkajs has no group to pause in; the assignment then asks for all states anew. */
  private hasGroup = false;
  private assignment: readonly TopicPartition[] = [];
  private readonly ends = new Map<string, number>();
  /** What the coordinator answered to a commit. The client must hear it, to join again or to look for another coordinator. */
  private refusal: unknown;
  private readonly last: LastMembership;
  private readonly offsets: GroupOffsets;
  private lastRestart = Number.NEGATIVE_INFINITY;
  private state: 'new' | 'running' | 'restarting' | 'stopping' | 'failed' = 'new';
  private onFirstAssignment: (() => void) | undefined;
  private onStartFailure: ((error: KafkaError) => void) | undefined;
  private lifecycle: Promise<void> = Promise.resolve();

  constructor(
    private readonly options: KafkaOptions,
    private readonly group: GroupMemberOptions,
    admin: TopicAdmin,
    leaveGroup: (groupId: string, memberId: string) => Promise<void>,
  ) {
    this.offsets = new GroupOffsets(group.groupId, admin, (message) =>
      options.log?.({ level: 'warn', message, fields: {} }),
    );
    this.last = new LastMembership((memberId) => leaveGroup(group.groupId, memberId));
  }

  async start(listener: GroupListener): Promise<void> {
    if (this.state !== 'new') throw new KafkaError('closed', 'the consumer was stopped before it started');
    this.listener = listener;
    this.watchdog = new Watchdog(SILENCE_MS, {
      lag: () => this.offsets.lag(this.assignment),
      onStuck: () =>
        this.revive(new KafkaError('client', `nothing fetched for ${SILENCE_MS} ms although records wait`)),
    });
    const assigned = new Promise<void>((resolve, reject) => {
      this.onFirstAssignment = resolve;
      this.onStartFailure = reject;
    });
    // Whoever stops before the first assignment ends the wait for it; nobody may be waiting yet.
    assigned.catch(() => undefined);
    this.state = 'running';
    return this.serialised(async () => {
      try {
        await this.run();
        await assigned;
      } catch (error) {
        this.watchdog.stop();
        throw error;
      }
    });
  }

  async stop(): Promise<void> {
    const closed = new KafkaError('closed', 'the consumer is stopping');
    const isNew = this.state === 'new';
    if (this.state !== 'failed') this.state = 'stopping';
    if (isNew) return;
    this.joined = false;
    this.watchdog.stop();
    this.onStartFailure?.(closed);
    await this.listener.letGo();
    return this.serialised(() => this.consumer.disconnect());
  }

  isJoined(): boolean {
    return this.joined && this.state === 'running' && this.watchdog.isFresh(FRESH_MS);
  }

  pause(partitions: readonly TopicPartition[]): void {
    if (partitions.length > 0 && this.hasGroup) this.consumer.pause(byTopic(partitions));
  }

  resume(partitions: readonly TopicPartition[]): void {
    if (partitions.length > 0 && this.hasGroup) this.consumer.resume(byTopic(partitions));
  }

  seek({ topic, partition }: TopicPartition, offset: number): void {
    if (this.hasGroup) this.consumer.seek({ topic, partition, offset: String(offset) });
  }

  async commit(offsets: readonly (TopicPartition & { readonly nextOffset: number })[]): Promise<void> {
    if (!this.isJoined()) return;
    const positions = offsets.map(({ topic, partition, nextOffset }) => ({
      topic,
      partition,
      offset: String(nextOffset),
    }));
    await this.consumer.commitOffsets(positions);
  }

  positions(partitions: readonly TopicPartition[]): Promise<readonly number[] | undefined> {
    const { epoch } = this;
    return this.offsets.positions(partitions, () => this.epoch !== epoch || this.isEnding());
  }

  logEnd(partition: TopicPartition): number | undefined {
    return this.ends.get(keyOf(partition));
  }

  /** One start, stop or restart at a time: kafkajs breaks when stopped before it has settled. */
  private serialised(step: () => Promise<void>): Promise<void> {
    const next = this.lifecycle.then(step);
    this.lifecycle = next.catch(() => undefined);
    return next;
  }

  private get sessionTimeoutMs(): number {
    return this.group.sessionTimeoutMs ?? SESSION_TIMEOUT_MS;
  }

  private async run(): Promise<void> {
    const consumer = newClient(this.options).consumer({
      groupId: this.group.groupId,
      allowAutoTopicCreation: false,
      sessionTimeout: this.sessionTimeoutMs,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      heartbeatInterval: Math.min(1000, Math.floor(this.sessionTimeoutMs / 4)),
      maxWaitTimeInMs: MAX_WAIT_MS,
      minBytes: 1,
      ...(this.group.fetchBytes === undefined ? {} : { maxBytesPerPartition: this.group.fetchBytes }),
      retry: { retries: 5 },
      partitionAssigners: [patientAssigner(() => this.listener.letGo(), this.sessionTimeoutMs / 2)],
    });
    this.consumer = consumer;
    this.listen(consumer);
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [...this.group.topics], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: WORKERS,
        // No handler waits for anything, and an async function turns what is thrown into what the client awaits.
        eachBatch: async (payload) => {
          if (this.consumer === consumer) this.onBatch(payload);
        },
      });
    } catch (error) {
      await consumer.disconnect();
      throw toKafkaError(error, `joining group "${this.group.groupId}"`);
    }
  }

  private listen(consumer: Consumer): void {
    const { events } = consumer;
    const current = () => this.consumer === consumer;
    consumer.on(events.GROUP_JOIN, ({ payload }) => {
      if (!current()) return;
      this.last.joined(payload.memberId);
      this.onJoin(payload.memberAssignment);
    });
    consumer.on(events.REBALANCING, () => {
      if (current()) this.joined = false;
    });
    consumer.on(events.STOP, () => {
      if (!current()) return;
      this.hasGroup = this.joined = false;
      this.last.ended();
    });
    consumer.on(events.CONNECT, () => {
      // What this promise rejects with goes to the client's log: the session time-out does the same, later.
      if (current()) return this.last.leaveForTheDead() as unknown as void;
    });
    consumer.on(events.FETCH, () => this.watchdog.sign());
    consumer.on(events.END_BATCH_PROCESS, ({ payload }) => {
      if (current()) this.onProgress(payload);
    });
    consumer.on(events.CRASH, ({ payload }) => {
      if (current()) this.onCrash(payload);
    });
  }

  private onJoin(memberAssignment: Readonly<Record<string, number[]>>): void {
    this.epoch++;
    this.assignment = Object.entries(memberAssignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    );
    this.joined = true;
    this.hasGroup = true;
    this.refusal = undefined;
    this.ends.clear();
    this.watchdog.sign();
    this.listener.assigned(this.assignment);
    this.onFirstAssignment?.();
  }

  private onBatch(payload: EachBatchPayload): void {
    const { refusal } = this;
    this.refusal = undefined;
    if (refusal !== undefined) throw refusal as Error;
    const { batch } = payload;
    this.ends.set(keyOf(batch), Number(batch.highWatermark));
    const next = this.listener.fetched(this.toFetched(payload));
    // Only where the client fetches next: nothing is committed with it.
    if (next !== undefined) payload.resolveOffset(String(next - 1));
  }

  private toFetched(payload: EachBatchPayload): FetchedBatch {
    const { batch } = payload;
    const { topic, partition } = batch;
    const { epoch } = this;
    return {
      topic,
      partition,
      // The types leave it out. It is where the client asked, which may lie before the first record that is there.
      from: Number((batch as { fetchedOffset?: string }).fetchedOffset ?? batch.firstOffset()),
      records: batch.messages.map((message) => toRecord(topic, partition, message)),
      nextOffset: Number(batch.lastOffset()) + 1,
      commit: async (offsets) => {
        // Under a newer assignment the partition may be another member's: the records come again, to whom they belong.
        if (this.epoch !== epoch)
          throw new KafkaError('unavailable', 'the assignment changed while the batch was handled');
        try {
          await payload.commitOffsetsIfNecessary(offsetsByTopic(offsets));
        } catch (error) {
          if (this.epoch === epoch) this.refusal = error;
          throw error;
        }
      },
    };
  }

  private onProgress(payload: ConsumerEndBatchProcessEvent['payload']): void {
    this.watchdog.sign();
    if (payload.batchSize > 0) return;
    const { topic, partition } = payload;
    const nextOffset = Number(payload.lastOffset) + 1;
    this.ends.set(keyOf(payload), Number(payload.highWatermark));
    this.listener.skipped({ topic, partition, from: Number(payload.firstOffset ?? payload.lastOffset), nextOffset });
  }

  private onCrash({ error, restart }: ConsumerCrashEvent['payload']): void {
    this.watchdog.sign();
    // kafkajs comes back by itself from most of what it calls retriable.
    if (!restart) this.revive(toKafkaError(error, `the consumer of group "${this.group.groupId}" crashed`));
  }

  /** Brokers that are away are waited for, without limit; anything else gets one new start. */
  private revive(cause: KafkaError): void {
    if (this.state !== 'running') return;
    if (cause.code !== 'unavailable') {
      if (Date.now() - this.lastRestart < RESTART_BUDGET_MS) return this.fail(cause);
      this.lastRestart = Date.now();
    }
    this.state = 'restarting';
    this.joined = this.hasGroup = false;
    void this.listener.letGo();
    const restarted = this.serialised(() => this.restart());
    restarted.catch((error: unknown) => this.fail(toKafkaError(error, `restarting after "${cause.message}"`)));
  }

  private async restart(): Promise<void> {
    await withLimit(STOP_LIMIT_MS, this.consumer.disconnect());
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, RESTART_PAUSE_MS));
      if (this.state !== 'restarting') return;
      try {
        this.state = 'running';
        return await this.run();
      } catch (error) {
        if ((error as KafkaError).code !== 'unavailable') throw error;
        this.state = this.isEnding() ? this.state : 'restarting';
      }
    }
  }

  private isEnding(): boolean {
    return this.state === 'stopping' || this.state === 'failed';
  }

  private fail(error: KafkaError): void {
    if (this.isEnding()) return;
    this.state = 'failed';
    this.joined = false;
    this.watchdog.stop();
    void this.listener.letGo();
    if (this.epoch === 0) this.onStartFailure?.(error);
    else this.listener.failed(error);
  }
}

async function withLimit(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new KafkaError('unavailable', `the old consumer did not stop in ${ms} ms`)), ms);
  });
  try {
    await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
