/** Hands each assigned partition to a session of its own, and keeps the sessions that stay through a rebalance. */
import { KafkaError } from './errors.js';
import { PartitionSession, type SessionContext } from './partition-session.js';
import type { AssignedPartition, ConsumerHandle, PartitionConsumerOptions, TopicAdmin } from './port.js';
import { Turns } from './turns.js';
import type { FetchedBatch, GroupListener, GroupMember, LogReader, Stretch, TopicPartition } from './wire.js';

const MAX_RECORDS = 1000;
/** Enough to keep the processor busy while others wait for the broker; each holds what it has fetched in memory. */
const RESTORES_AT_ONCE = 3;

/** What a partition consumer stands on. */
export interface PartitionConsumerParts {
  readonly member: GroupMember;
  readonly admin: TopicAdmin;
  readonly reader: LogReader;
  onTrouble(partition: TopicPartition, error: unknown): void;
}

/** {@link ConsumerHandle} of a partition consumer over any group membership. */
export class SessionConsumer implements ConsumerHandle, GroupListener {
  private readonly sessions = new Map<number, PartitionSession>();
  private readonly leaving = new Set<Promise<void>>();
  private readonly context: SessionContext;
  private hasAssignment = false;
  private hasFailed = false;

  constructor(
    private readonly parts: PartitionConsumerParts,
    private readonly options: PartitionConsumerOptions,
  ) {
    this.context = {
      ...parts,
      onTrouble: (partition, error) => parts.onTrouble(partition, error),
      groupId: options.groupId,
      changelog: options.changelog,
      maxRecords: options.maxRecords ?? MAX_RECORDS,
      restores: new Turns(RESTORES_AT_ONCE),
      createTask: (partition) => options.createTask(partition),
    };
  }

  async start(): Promise<void> {
    const [input, changelog] = await Promise.all([
      this.parts.reader.partitions(this.options.topic),
      this.parts.reader.partitions(this.options.changelog),
    ]);
    if (input.length !== changelog.length) {
      const message =
        `topic "${this.options.topic}" has ${input.length} partitions and its changelog "${this.options.changelog}" ` +
        `has ${changelog.length}: they must be equal, create the changelog anew`;
      throw new KafkaError('topic-mismatch', message);
    }
    await this.parts.member.start(this);
  }

  async stop(): Promise<void> {
    // Tasks end before the group is left: the next owner then finds no transaction to wait for.
    const ending = [...this.sessions.values()].map((session) => session.revoke());
    this.sessions.clear();
    await Promise.all(ending);
    await this.parts.member.stop();
    await Promise.all(this.leaving);
  }

  isReady(): boolean {
    return (
      this.hasAssignment &&
      this.parts.member.isJoined() &&
      [...this.sessions.values()].every((session) => session.isRunning())
    );
  }

  assignment(): readonly AssignedPartition[] {
    return [...this.sessions.values()].map((session) => ({
      ...session.at,
      state: session.isRunning() ? 'running' : 'restoring',
      lag: session.lag,
    }));
  }

  assigned(partitions: readonly TopicPartition[]): void {
    this.hasAssignment = true;
    const mine = new Set(partitions.map(({ partition }) => partition));
    for (const [partition, session] of this.sessions) {
      if (mine.has(partition)) session.keep();
      else this.revoke(partition, session);
    }
    for (const at of partitions) {
      if (this.sessions.has(at.partition)) continue;
      const session = new PartitionSession(at, this.context);
      this.sessions.set(at.partition, session);
      session.begin();
    }
  }

  /** What waits stays with the sessions: those that are kept go on with it, the others drop it. */
  async letGo(): Promise<void> {
    await Promise.all([...this.sessions.values()].map((session) => session.hold()));
  }

  fetched(batch: FetchedBatch): number | undefined {
    return this.sessions.get(batch.partition)?.fetched(batch);
  }

  /** Moves on; the position is committed by the task, with the next records. */
  skipped(stretch: Stretch): void {
    this.sessions.get(stretch.partition)?.skipped(stretch);
  }

  failed(error: KafkaError): void {
    if (this.hasFailed) return;
    this.hasFailed = true;
    this.options.onFailure(error);
  }

  private revoke(partition: number, session: PartitionSession): void {
    this.sessions.delete(partition);
    const left = session.revoke().finally(() => this.leaving.delete(left));
    this.leaving.add(left);
  }
}
