import { BaseRpcContext, Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import type { BatchOutcome, ConsumerHandle, Kafka, PartitionTask, RecordBatch } from '@onceline/kafka';
import { isObservable, lastValueFrom } from 'rxjs';
import { StartRefused } from './start-refused.js';

/** Second argument of a handler: `@Ctx() context: KafkaContext`. */
export class KafkaContext<Task extends PartitionTask = PartitionTask> extends BaseRpcContext<
  [topic: string, task: Task | undefined]
> {
  /** The topic the batches came from. */
  get topic(): string {
    return this.args[0];
  }

  /** The state of the batch's partition. Only in a transport with `tasks`. */
  get task(): Task {
    const task = this.args[1];
    if (task === undefined) throw new Error(`The transport of ${this.topic} has no tasks.`);
    return task;
  }
}

/** One transport is one consumer group. */
export interface KafkaTransportOptions {
  readonly kafka: Kafka;
  readonly groupId: string;
  /** Records in one call of a handler at most. */
  readonly maxRecords?: number;
  /** The consumer is dead, or a handler threw where that is a defect: stop the process. Called once. */
  onFatal(error: unknown): void;
  /** State per partition, restored from `changelog`; without it the handler gets the batches of all partitions at once. */
  readonly tasks?: { readonly changelog: string; createTask(partition: number): PartitionTask };
}

/**
 * Nest transport on the Kafka port: controllers keep `@EventPattern`, get whole batches and answer what became of them.
 *
 * ```ts
 * @EventPattern<string>(TOPICS.unique)
 * handle(@Payload() batches: readonly RecordBatch[], @Ctx() context: KafkaContext): Promise<BatchOutcome>
 * // with `tasks`, one batch of one partition at a time; a throw closes the task and the assignment runs anew:
 * handle(@Payload() batch: RecordBatch, @Ctx() context: KafkaContext<MyTask>): Promise<void>
 * ```
 *
 * Both parameters need their decorator: Nest fills only decorated ones. Errors keep their class.
 */
export class KafkaTransport extends Server implements CustomTransportStrategy {
  override readonly transportId = Symbol('onceline.kafka');
  /** The base class would swallow a handler's error otherwise. */
  override readonly propagatesEventHandlerErrors = true;

  private readonly refusals: string[] = [];
  private starting: Promise<ConsumerHandle> | undefined;
  private handle: ConsumerHandle | undefined;
  private closing: Promise<void> | undefined;
  private failed = false;

  constructor(private readonly options: KafkaTransportOptions) {
    super();
  }

  /** Readiness and lag of the consumer; nothing is assigned before it has started. */
  consumer(): ConsumerHandle {
    return {
      assignment: () => this.handle?.assignment() ?? [],
      isReady: () => !this.failed && this.closing === undefined && (this.handle?.isReady() ?? false),
      stop: () => this.close(),
    };
  }

  /** Nest chains a second handler to the first and answers with both results; that has no meaning for a batch. */
  override addHandler(pattern: unknown, callback: MessageHandler, isEventHandler = false, extras = {}): void {
    const topic = String(pattern);
    if (!isEventHandler)
      this.refusals.push(`${topic} has a @MessagePattern handler; records have no answer: use @EventPattern`);
    if (this.messageHandlers.has(topic)) this.refusals.push(`${topic} has two handlers; keep one`);
    super.addHandler(pattern, callback, isEventHandler, extras);
  }

  listen(callback: (error?: unknown) => void): void {
    this.start().then(() => callback(), callback);
  }

  /** Finishes the batch in hand and leaves the group. May be called again. */
  close(): Promise<void> {
    this.closing ??= this.stop();
    return this.closing;
  }

  /** Nest offers events of the transport through this; there are none. */
  on(): never {
    throw new Error('The Kafka transport emits no events; failures come through onFatal.');
  }

  unwrap<T>(): T {
    return this.options.kafka as T;
  }

  /** @throws StartRefused when the bound handlers make no sense together. {@link connectTransport} asks before anything listens. */
  refuseHalfWired(): void {
    const topics = [...this.messageHandlers.keys()];
    const refusals = [...this.refusals];
    if (topics.length === 0) refusals.push('no controller has an @EventPattern handler');
    if (this.options.tasks !== undefined && topics.length > 1) {
      refusals.push(`a transport with tasks takes one topic, not ${topics.join(', ')}`);
    }
    if (refusals.length > 0) throw new StartRefused(`Kafka group ${this.options.groupId}: ${refusals.join('; ')}.`);
  }

  private async start(): Promise<void> {
    this.refuseHalfWired();
    const topics = [...this.messageHandlers.keys()];
    this.starting = this.options.tasks === undefined ? this.consume(topics) : this.consumePartitions(topics[0] ?? '');
    this.handle = await this.starting;
  }

  private consume(topics: readonly string[]): Promise<ConsumerHandle> {
    return this.options.kafka.consume({
      groupId: this.options.groupId,
      topics,
      ...this.limits(),
      handle: (batches) => this.dispatch(batches),
      onFailure: (error) => this.fail(error),
    });
  }

  private consumePartitions(topic: string): Promise<ConsumerHandle> {
    const { kafka, groupId, tasks } = this.options;
    if (tasks === undefined) throw new Error('consumePartitions needs tasks');
    return kafka.consumePartitions({
      groupId,
      topic,
      changelog: tasks.changelog,
      ...this.limits(),
      createTask: (partition) => {
        const task = tasks.createTask(partition);
        return {
          fence: () => task.fence(),
          restore: (records) => task.restore(records),
          onGap: async (gap) => task.onGap?.(gap),
          handle: async (batch) => void (await this.call(topic, batch, task)),
          close: () => task.close(),
        };
      },
      onFailure: (error) => this.fail(error),
    });
  }

  private limits(): { maxRecords?: number } {
    return this.options.maxRecords === undefined ? {} : { maxRecords: this.options.maxRecords };
  }

  /** Topic by topic; the first one that asks for redelivery decides for all, as one call has one outcome. */
  private async dispatch(batches: readonly RecordBatch[]): Promise<BatchOutcome> {
    try {
      for (const topic of new Set(batches.map((batch) => batch.topic))) {
        const result = await this.call(
          topic,
          batches.filter((batch) => batch.topic === topic),
        );
        const outcome = asOutcome(topic, result);
        if (outcome.settle === 'redeliver') return outcome;
      }
      return { settle: 'commit' };
    } catch (error) {
      // The consumer reports a throw as a defect of its own; the handler's error says more, so it goes out first.
      this.fail(error);
      throw error;
    }
  }

  private async call(topic: string, data: unknown, task?: PartitionTask): Promise<unknown> {
    const handler = this.messageHandlers.get(topic);
    if (handler === undefined) throw new Error(`No handler for ${topic}`);
    const result: unknown = await handler(data, new KafkaContext([topic, task]));
    return isObservable(result) ? lastValueFrom(result, { defaultValue: undefined }) : result;
  }

  private fail(error: unknown): void {
    if (this.failed) return;
    this.failed = true;
    this.options.onFatal(error);
  }

  private async stop(): Promise<void> {
    if (this.starting === undefined) return;
    const handle = await this.starting.catch(() => undefined);
    await handle?.stop();
  }
}

function asOutcome(topic: string, result: unknown): BatchOutcome {
  const settle = (result as Partial<BatchOutcome> | undefined)?.settle;
  if (settle === 'commit' || settle === 'redeliver') return result as BatchOutcome;
  throw new TypeError(`The handler of ${topic} answered ${JSON.stringify(result)}; it must answer a BatchOutcome.`);
}
