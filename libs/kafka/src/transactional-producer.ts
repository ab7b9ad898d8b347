/** The one recovery path of transactions: after any error nothing is sent under this id until it has been fenced anew. */
import { KafkaError } from './errors.js';
import { endHanging, type LogView } from './hanging-transaction.js';
import type { TransactionContents, TransactionalProducer, TransactionalProducerOptions } from './port.js';
import type { TransactionSession, TransactionWire } from './wire.js';

/** {@link TransactionalProducer} over any wire. Closing a session never rejects. */
export class FencedProducer implements TransactionalProducer {
  private session: TransactionSession | undefined;
  private closed = false;

  constructor(
    private readonly wire: TransactionWire,
    private readonly options: TransactionalProducerOptions,
    private readonly view: () => Promise<LogView>,
  ) {}

  async fence(): Promise<void> {
    this.assertOpen();
    void this.discard();
    const { transactionalId, transactionTimeoutMs: timeoutMs = 10_000, soleWriter } = this.options;
    const session = await this.wire.open(transactionalId, { timeoutMs, isSoleWriter: soleWriter !== undefined });
    try {
      this.assertOpen();
      if (soleWriter !== undefined) await endHanging(session, soleWriter, await this.view());
      this.assertOpen();
    } catch (error) {
      await session.close();
      throw error;
    }
    this.session = session;
  }

  async transact(contents: TransactionContents): Promise<void> {
    this.assertOpen();
    const { session } = this;
    if (session === undefined) {
      const message = `transactional id "${this.options.transactionalId}" is not fenced: call fence() first`;
      throw new KafkaError('transaction-failed', message);
    }
    try {
      await session.transact(contents);
    } catch (error) {
      // Not awaited: a dead session may take its time to end, and its id is taken over anyway.
      void this.discard();
      throw asTransactionFailure(error as KafkaError);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.discard();
  }

  private async discard(): Promise<void> {
    const { session } = this;
    this.session = undefined;
    await session?.close();
  }

  private assertOpen(): void {
    if (this.closed) throw new KafkaError('closed', 'the transactional producer has been closed');
  }
}

/** What failed inside a transaction leaves its outcome unknown, whatever it was; only three answers are better than that. */
function asTransactionFailure(error: KafkaError): KafkaError {
  if (['fenced', 'record-too-large', 'topic-mismatch', 'transaction-failed'].includes(error.code)) return error;
  return new KafkaError('transaction-failed', `the transaction failed: ${error.message}`, { cause: error });
}
