import { withoutContents } from '@onceline/postgres';
import type { Logger } from '@onceline/service-kit';
import type { BatchObserver, BatchReport } from './handle-updates.js';
import type { OutboxSourceName, TicketingMetrics } from './metrics.js';
import type { RefusedRow } from './outbox/publish-source.js';
import type { RelayObserver } from './outbox/source-loop.js';
import type { Happening } from './outbox/source.js';
import type { GateObserver } from './stopping/consumer-gate.js';
import type { Settlement } from './store/plan-batch.js';
import type { RefusedDuplicate } from './store/record-duplicates.js';

/** Turns what happened into metrics and log lines: one line per batch, one per failed try, none with message text. */
export class TicketingObserver implements BatchObserver, GateObserver, RelayObserver {
  constructor(
    private readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>,
    private readonly metrics: TicketingMetrics,
  ) {}

  settled(report: BatchReport): void {
    this.metrics.settled(report);
    const { updates, settlements, seconds } = report;
    const outcomes = countBy(settlements, ({ outcome }) => outcome);
    this.logger.info({ records: updates.length, outcomes, ms: Math.round(seconds * 1000) }, 'batch settled');
    for (const settlement of settlements) if (settlement.failure) this.failedTry(settlement);
  }

  breakerChanged(...[breaker, state, reason]: Parameters<GateObserver['breakerChanged']>): void {
    this.metrics.breakerChanged(breaker, state);
    if (breaker === 'dead-letters') this.logger.warn({ breaker, state, reason }, 'breaker changed');
  }

  notMeasured(error: unknown): void {
    this.metrics.failed('measuring', error);
    this.logger.warn({ err: withoutContents(error) }, 'what waits could not be measured');
  }

  paused(error: unknown, afterMs: number): void {
    this.metrics.consumerPaused(error);
    this.logger.warn({ err: withoutContents(error), afterMs }, 'consumption paused');
  }

  duplicatesRecorded(recorded: number, malformed: number): void {
    this.metrics.duplicatesRecorded(recorded, malformed);
    this.logger.info({ recorded, malformed }, 'duplicates recorded');
  }

  duplicateRefused({ record: { topic, partition, offset }, message }: RefusedDuplicate): void {
    this.logger.error({ topic, partition, offset, reason: message }, 'duplicate set aside: the audit will miss it');
  }

  published(source: OutboxSourceName, count: number, happenings: readonly Happening[]): void {
    this.metrics.recordsPublished(source, count, happenings);
  }

  refused(source: OutboxSourceName, row: RefusedRow): void {
    this.metrics.outboxRefused(source);
    this.logger.error({ source, ...row }, 'record set aside: Kafka will never take it');
  }

  failed(error: unknown): void {
    this.metrics.failed('publishing', error);
    this.logger.warn({ err: withoutContents(error) }, 'publishing failed, will be repeated');
  }

  private failedTry({ update, failure, outcome, attempts, redrive }: Settlement): void {
    const { topic, partition, offset } = update.record;
    const { idempotencyKey, botId, updateKind, traceparent } = update;
    const place = { topic, partition, offset, traceId: traceparent?.split('-')[1] };
    this.logger.warn(
      { idempotencyKey, botId, updateKind, failure, attempts, redriveId: redrive?.id, ...place },
      outcome === 'parked' ? 'update failed, will be tried again' : 'update dead-lettered',
    );
  }
}

function countBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[keyOf(item)] = (counts[keyOf(item)] ?? 0) + 1;
  return counts;
}
