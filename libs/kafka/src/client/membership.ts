/** One consumer group membership through kafkajs, restarted once when it dies and reported dead when that does not help. */
import type { Consumer, ConsumerCrashEvent, ConsumerEndBatchProcessEvent, EachBatchPayload } from 'kafkajs';
import { KafkaError } from '../errors.js';
import type { KafkaOptions, TopicAdmin } from '../port.js';
import type { FetchedBatch, GroupListener, GroupMember, GroupMemberOptions, TopicPartition } from '../wire.js';
import { toKafkaError } from './client-errors.js';
import { newClient } from './client.js';
import { Heartbeats } from './heartbeats.js';
import { LastMembership } from './last-membership.js';
import { toRecord } from './records.js';
import { Watchdog } from './watchdog.js';

/** How long a killed process keeps its partitions from the others; heartbeats go out every second. */
const SESSION_TIMEOUT_MS = 10_000;
const REBALANCE_TIMEOUT_MS = 60_000;
/** A paused partition waits up to this long after its resume, and a stop waits for it too. */
const MAX_WAIT_MS = 100;
/** More workers than any member has partitions: one waiting handler must not hold the others. */
const WORKERS = 256;
const SILENCE_MS = 30_000;
/** Nothing fetched for this long: the brokers are away, whatever the group was last told. */
const FRESH_MS = 5_000;
const STOP_LIMIT_MS = 15_000;
const RESTART_PAUSE_MS = 1000;
/** A second death within this time is not bad luck any more. */
const RESTART_BUDGET_MS = 300_000;

const keyOf = ({ topic, partition }: TopicPartition) => `${topic}/${partition}`;

/** Groups partitions the way kafkajs's pause and resume want them. */
function byTopic(partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of partitions) topics.set(topic, [...(topics.get(topic) ?? []), partition]);
  return [...topics].map(([topic, numbers]) => ({ topic, partitions: numbers }));
}

/** {@link GroupMember} over kafkajs. */
export class ClientGroupMember implements GroupMember {
  private listener!: GroupListener;
  private consumer!: Consumer;
  private watchdog!: Watchdog;
  private heartbeats!: Heartbeats;
  /** Counts assignments: what was fetched under an older one may neither commit nor move the position. */
  private epoch = 0;
  private joined = false;
  /** Between a crash and the next assignment kafkajs has no group to pause in; the assignment then asks for all states anew. */
  private hasGroup = false;
  private assignment: readonly TopicPartition[] = [];
  private readonly lags = new Map<string, number>();
  private readonly last: LastMembership;
  private lastRestart = Number.NEGATIVE_INFINITY;
  private state: 'new' | 'running' | 'restarting' | 'stopping' | 'failed' = 'new';
  private onFirstAssignment: (() => void) | undefined;
  private onStartFailure: ((error: KafkaError) => void) | undefined;
  private lifecycle: Promise<void> = Promise.resolve();

  constructor(
    private readonly options: KafkaOptions,
    private readonly group: GroupMemberOptions,
    private readonly admin: TopicAdmin,
    leaveGroup: (groupId: string, memberId: string) => Promise<void>,
  ) {
    this.last = new LastMembership((memberId) => leaveGroup(group.groupId, memberId));
  }

  async start(listener: GroupListener): Promise<void> {
    if (this.state !== 'new') throw new KafkaError('closed', 'the consumer was stopped before it started');
    this.listener = listener;
    this.heartbeats = new Heartbeats(this.heartbeatIntervalMs(), (error) => listener.unsettled(error));
    this.watchdog = new Watchdog(SILENCE_MS, {
      lag: () => this.askLag(),
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
    this.listener.unsettled(closed);
    return this.serialised(async () => {
      await this.consumer.disconnect();
      this.heartbeats.stop();
    });
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

  lag(partition: TopicPartition): number {
    return this.lags.get(keyOf(partition)) ?? 0;
  }

  /** One start, stop or restart at a time: kafkajs breaks when stopped before it has settled. */
  private serialised(step: () => Promise<void>): Promise<void> {
    const next = this.lifecycle.then(step);
    this.lifecycle = next.catch(() => undefined);
    return next;
  }

  private heartbeatIntervalMs(): number {
    return Math.min(1000, Math.floor((this.group.sessionTimeoutMs ?? SESSION_TIMEOUT_MS) / 4));
  }

  private async run(): Promise<void> {
    const consumer = newClient(this.options).consumer({
      groupId: this.group.groupId,
      allowAutoTopicCreation: false,
      sessionTimeout: this.group.sessionTimeoutMs ?? SESSION_TIMEOUT_MS,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      heartbeatInterval: this.heartbeatIntervalMs(),
      maxWaitTimeInMs: MAX_WAIT_MS,
      retry: { retries: 5 },
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
        eachBatch: (payload) => (this.consumer === consumer ? this.onBatch(payload) : Promise.resolve()),
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
    this.lags.clear();
    this.watchdog.sign();
    this.listener.assigned(this.assignment);
    this.onFirstAssignment?.();
  }

  private async onBatch(payload: EachBatchPayload): Promise<void> {
    const fetched = this.toFetched(payload);
    const { batch } = payload;
    this.lags.set(keyOf(batch), Math.max(0, Number(batch.highWatermark) - Number(batch.firstOffset() ?? 0)));
    await this.watchdog.whileBusy(() =>
      this.heartbeats.during(
        () => payload.heartbeat(),
        () => this.listener.fetched(fetched),
      ),
    );
  }

  private toFetched(payload: EachBatchPayload): FetchedBatch {
    const { batch } = payload;
    const { topic, partition } = batch;
    const { epoch } = this;
    const isStale = () => this.epoch !== epoch;
    return {
      topic,
      partition,
      records: batch.messages.map((message) => toRecord(topic, partition, message)),
      nextOffset: Number(batch.lastOffset()) + 1,
      resolve: (nextOffset) => {
        if (!isStale()) payload.resolveOffset(String(nextOffset - 1));
      },
      commit: async (offsets) => {
        // Under a newer assignment the partition may be another member's: the records come again, to whom they belong.
        if (isStale()) throw new KafkaError('unavailable', 'the assignment changed while the batch was handled');
        await payload.commitOffsetsIfNecessary({
          topics: byTopic(offsets).map(({ topic: name }) => ({
            topic: name,
            partitions: offsets
              .filter((o) => o.topic === name)
              .map((o) => ({ partition: o.partition, offset: String(o.nextOffset) })),
          })),
        });
      },
    };
  }

  private onProgress(payload: ConsumerEndBatchProcessEvent['payload']): void {
    this.watchdog.sign();
    const { topic, partition } = payload;
    this.lags.set(keyOf(payload), Math.max(0, Number(payload.offsetLag)));
    if (payload.batchSize === 0) this.listener.skipped({ topic, partition }, Number(payload.lastOffset) + 1);
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
    this.listener.unsettled(cause);
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
    this.listener.unsettled(error);
    if (this.epoch === 0) this.onStartFailure?.(error);
    else this.listener.failed(error);
  }

  private async askLag(): Promise<number> {
    let lag = 0;
    for (const topic of new Set(this.assignment.map((p) => p.topic))) {
      const offsets = await this.admin.offsets(topic);
      const committed = await this.admin.committed(this.group.groupId, topic);
      for (const { partition } of this.assignment.filter((p) => p.topic === topic)) {
        const range = offsets[partition];
        if (range !== undefined) lag += Math.max(0, range.high - Math.max(range.low, committed[partition] ?? 0));
      }
    }
    return lag;
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
