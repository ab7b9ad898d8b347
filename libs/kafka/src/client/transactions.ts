/** Transactions through kafkajs, the one way that was measured to be exactly-once when brokers are killed. */
import type { Kafka as KafkaJs, Producer, Transaction } from 'kafkajs';
import { BATCH_LIMITS, sizeOf } from '../batching-producer.js';
import { KafkaError } from '../errors.js';
import type { KafkaOptions, OutgoingRecord, TransactionContents } from '../port.js';
import type { TopicPartition, TransactionSession, TransactionWire } from '../wire.js';
import { errorTypes, toKafkaError } from './client-errors.js';
import { newClient, presetPartition } from './client.js';
import { confirmedOffset, toMessage } from './produce.js';

/**
 * Not fewer: a new transaction meets CONCURRENT_TRANSACTIONS for some milliseconds after the last commit. Not slower to begin
 * with: that wait is in every transaction.
 */
const RETRY = { initialRetryTime: 4, maxRetryTime: 1000, retries: 11 };
const OFFSET_PATIENCE_MS = 5000;
const OFFSET_REFUSALS: ReadonlySet<string> = new Set([
  'CONCURRENT_TRANSACTIONS',
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
]);
/** Longer than the client's own time-outs in a row; only a connection that hangs for ever meets it. */
const TRANSACTION_LIMIT_MS = 30_000;

/** {@link TransactionWire} over kafkajs. */
export class ClientTransactionWire implements TransactionWire {
  constructor(
    private readonly options: KafkaOptions,
    private readonly onStray: (error: unknown) => void,
  ) {}

  async open(transactionalId: string, transactionTimeoutMs: number): Promise<TransactionSession> {
    const client: KafkaJs = newClient(this.options);
    const producer = client.producer({
      transactionalId,
      transactionTimeout: transactionTimeoutMs,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: presetPartition,
      retry: RETRY,
    });
    const session = new ClientTransactionSession(transactionalId, producer, this.onStray);
    try {
      await producer.connect();
      // Beginning the first transaction is what takes the id over; an empty one is ended without a request.
      await (await producer.transaction()).abort();
      return session;
    } catch (error) {
      void session.close();
      throw toKafkaError(error, `taking over transactional id "${transactionalId}"`);
    }
  }
}

class ClientTransactionSession implements TransactionSession {
  constructor(
    private readonly transactionalId: string,
    private readonly producer: Producer,
    private readonly onStray: (error: unknown) => void,
  ) {}

  async transact(contents: TransactionContents): Promise<void> {
    let limit: NodeJS.Timeout | undefined;
    const overdue = new Promise<never>((_, reject) => {
      const message = `no answer within ${TRANSACTION_LIMIT_MS} ms`;
      limit = setTimeout(() => reject(new KafkaError('transaction-failed', message)), TRANSACTION_LIMIT_MS);
    });
    try {
      await Promise.race([this.run(contents), overdue]);
    } catch (error) {
      throw toKafkaError(error, `transactional id "${this.transactionalId}"`);
    } finally {
      clearTimeout(limit);
    }
  }

  close(): Promise<void> {
    return this.producer.disconnect().catch(this.onStray);
  }

  private async run(contents: TransactionContents): Promise<void> {
    const transaction = await this.producer.transaction();
    const sends = await Promise.allSettled(
      [...byPartition(contents)].map(([, { target, records }]) => sendAll(transaction, target, records)),
    );
    // All of them are over before the error leaves: a straggler must not write into what is thrown away.
    for (const send of sends) if (send.status === 'rejected') throw send.reason;
    if (contents.offset !== undefined) await sendOffset(transaction, contents.offset);
    await transaction.commit();
  }
}

/**
 * Offsets come last and with a patience of their own: kafkajs repeats neither the wait after the last commit (when there are no records
 * before them) nor the search for a group coordinator that has moved. Both answers mean that nothing was done.
 */
async function sendOffset(transaction: Transaction, offset: NonNullable<TransactionContents['offset']>): Promise<void> {
  const { groupId, topic, partition, nextOffset } = offset;
  const until = Date.now() + OFFSET_PATIENCE_MS;
  for (;;) {
    try {
      return await transaction.sendOffsets({
        consumerGroupId: groupId,
        topics: [{ topic, partitions: [{ partition, offset: String(nextOffset) }] }],
      });
    } catch (error) {
      const passing = errorTypes(error).some((type) => OFFSET_REFUSALS.has(type));
      if (!passing || Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY.initialRetryTime));
    }
  }
}

interface PartitionWrite {
  readonly target: TopicPartition;
  readonly records: OutgoingRecord[];
}

function byPartition(contents: TransactionContents): Map<string, PartitionWrite> {
  const writes = new Map<string, PartitionWrite>();
  for (const { topic, partition, records } of contents.writes) {
    if (records.length === 0) continue;
    const key = `${topic}/${partition}`;
    const known = writes.get(key);
    if (known === undefined) writes.set(key, { target: { topic, partition }, records: [...records] });
    else known.records.push(...records);
  }
  return writes;
}

/** One partition per call, call after call: several partitions in one call is where kafkajs doubles records. */
async function sendAll(transaction: Transaction, target: TopicPartition, records: OutgoingRecord[]): Promise<void> {
  for (let from = 0; from < records.length;) {
    let to = from;
    for (let bytes = 0; to < records.length; to++) {
      bytes += sizeOf(records[to]!);
      if (to > from && bytes > BATCH_LIMITS.bytes) break;
    }
    const messages = records.slice(from, to).map((record) => toMessage(record, target.partition));
    confirmedOffset(target, await transaction.send({ topic: target.topic, acks: -1, messages }));
    from = to;
  }
}
