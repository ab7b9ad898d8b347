import type { Logger } from '@onceline/service-kit';
import type { DeadLetter } from './dead-letter.js';
import type { DeadLetterMetrics, Work } from './dead-letter-metrics.js';
import type { IndexObserver } from './index-dead-letters.js';
import type { SendOptions } from './send-redrives.js';
import type { Notice, TellOptions } from './tell-ledger.js';
import type { WatchOptions } from './watch-outcomes.js';

type Observers = IndexObserver & SendOptions['observer'] & WatchOptions['observer'] & TellOptions['observer'];

/** Turns what happened into metrics and log lines, none with message text. */
export class DeadLetterObserver implements Observers {
  constructor(
    private readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>,
    private readonly metrics: DeadLetterMetrics,
  ) {}

  indexed(deadLetters: readonly DeadLetter[], copies: number): void {
    this.metrics.recordsIndexed(deadLetters, copies);
    for (const { id, consumer, idempotencyKey, fingerprint, failure, traceId } of deadLetters) {
      const { kind, code } = failure;
      this.logger.info(
        { id, consumer, idempotencyKey, fingerprint, kind, code, ...named(traceId) },
        'dead letter indexed',
      );
    }
  }

  clamped(names: readonly string[]): void {
    this.metrics.headersClamped(names);
  }

  reduced({ id, topic, partition, offset }: DeadLetter, error: unknown): void {
    this.metrics.recordReduced();
    this.logger.error({ id, topic, partition, offset, err: error }, 'dead letter indexed without its headers');
  }

  paused(error: unknown, afterMs: number): void {
    this.failed('index', error, afterMs);
  }

  redriveSent(redriveId: string, records: number): void {
    this.metrics.recordsSent(records);
    this.logger.info({ redriveId, records }, 'redrive: records sent');
  }

  redriveSendFailed(redriveId: string, error: unknown): void {
    this.metrics.failed('send', error);
    this.logger.warn({ redriveId, err: error }, 'redrive: records not sent');
  }

  redriveEnded(redriveId: string, state: string, note: string | null): void {
    this.logger.info({ redriveId, state, note }, 'redrive ended');
  }

  outcomesSettled(count: number): void {
    this.logger.info({ count }, 'redrive: outcomes known');
  }

  ledgerTold({ id, key, traceId }: Notice): void {
    this.logger.info({ id, idempotencyKey: key, outcome: 'discarded', ...named(traceId) }, 'update discarded');
  }

  discardOvertaken(id: string, outcome: string): void {
    this.logger.warn({ id, outcome }, 'a discarded dead letter has an outcome after all');
  }

  ticketingFailed(error: unknown): void {
    this.metrics.failed('ticketing', error);
    this.logger.warn({ err: error }, 'ticketing did not answer as it should, will be asked again');
  }

  notMeasured(error: unknown): void {
    this.metrics.failed('measure', error);
    this.logger.warn({ err: error }, 'what is not indexed could not be measured');
  }

  failed(work: Work, error: unknown, afterMs: number): void {
    this.metrics.failed(work, error);
    this.logger.warn({ work, afterMs, err: error }, 'a round failed, will be repeated');
  }
}

/** Instead of the ids of the span in hand, which belongs to many. */
function named(traceId: string | null): { trace_id?: string; span_id?: undefined } {
  return traceId === null ? {} : { trace_id: traceId, span_id: undefined };
}
