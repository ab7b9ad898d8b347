/** Transactions: sessions of one transactional id, each on connections of its own. */
import { KafkaError } from '../errors.js';
import type { KafkaOptions, TransactionContents } from '../port.js';
import type {
  HangingTransaction,
  StampedRecord,
  TopicPartition,
  TransactionSession,
  TransactionSessionOptions,
  TransactionWire,
} from '../wire.js';
import { toKafkaError } from './client-errors.js';
import { PATIENT } from './client.js';
import { DirectTransactions } from './direct-transaction.js';
import { openCluster, type OpenCluster } from './open-cluster.js';

/** Longer than the client's own time-outs in a row; only a connection that hangs for ever meets it. */
const TRANSACTION_LIMIT_MS = 30_000;

/** {@link TransactionWire} over kafkajs's connections. */
export class ClientTransactionWire implements TransactionWire {
  constructor(
    private readonly options: KafkaOptions,
    private readonly onStray: (error: unknown) => void,
  ) {}

  async open(transactionalId: string, options: TransactionSessionOptions): Promise<TransactionSession> {
    const open = await openCluster(this.options, PATIENT);
    try {
      const transactions = await DirectTransactions.begin(open.cluster, transactionalId, options);
      return new ClientTransactionSession(open, transactions, { transactionalId, onStray: this.onStray });
    } catch (error) {
      void open.carrier.disconnect().catch(this.onStray);
      throw toKafkaError(error, `taking over transactional id "${transactionalId}"`);
    }
  }
}

class ClientTransactionSession implements TransactionSession {
  private busy = false;

  constructor(
    private readonly open: OpenCluster,
    private readonly transactions: DirectTransactions,
    private readonly parts: { readonly transactionalId: string; onStray(error: unknown): void },
  ) {}

  transact(contents: TransactionContents): Promise<void> {
    return this.inTime(() => this.transactions.run(byPartition(contents), contents.offset));
  }

  end(hanging: HangingTransaction): Promise<void> {
    return this.inTime(() => this.transactions.end(hanging));
  }

  close(): Promise<void> {
    return this.transactions
      .stop()
      .then(() => this.open.carrier.disconnect())
      .catch((error: unknown) => this.parts.onStray(error));
  }

  private async inTime(work: () => Promise<void>): Promise<void> {
    const { transactionalId } = this.parts;
    if (this.busy) throw new KafkaError('transaction-failed', `"${transactionalId}" is in a transaction already`);
    this.busy = true;
    let limit: NodeJS.Timeout | undefined;
    const overdue = new Promise<never>((_, reject) => {
      const message = `no answer within ${TRANSACTION_LIMIT_MS} ms`;
      limit = setTimeout(() => reject(new KafkaError('transaction-failed', message)), TRANSACTION_LIMIT_MS);
    });
    try {
      await Promise.race([work(), overdue]);
      // Only after a success: a session that has thrown is dead.
      this.busy = false;
    } catch (error) {
      throw toKafkaError(error, `transactional id "${transactionalId}"`);
    } finally {
      clearTimeout(limit);
    }
  }
}

interface PartitionRecords {
  readonly target: TopicPartition;
  readonly records: StampedRecord[];
}

/** The writes of one partition together, each record with its time, so that a repeat is the same record. */
function byPartition({ writes }: TransactionContents): PartitionRecords[] {
  const found = new Map<string, PartitionRecords>();
  const now = Date.now();
  for (const { topic, partition, records } of writes) {
    if (records.length === 0) continue;
    const key = `${topic}/${partition}`;
    let known = found.get(key);
    if (known === undefined) found.set(key, (known = { target: { topic, partition }, records: [] }));
    for (const record of records) known.records.push({ ...record, timestamp: record.timestamp ?? now });
  }
  return [...found.values()];
}
