import { traceIds } from '@onceline/kafka';
import { logTogether, type Logger } from '@onceline/service-kit';
import type { BatchObserver, BatchReport } from './handle-updates.js';
import type { OutboxSourceName, TicketingMetrics } from './metrics.js';
import type { RefusedRow } from './outbox/publish-source.js';
import type { RelayObserver } from './outbox/source-loop.js';
import type { Happening } from './outbox/source.js';
import type { GateObserver } from './stopping/consumer-gate.js';
import type { Settlement } from './store/plan-batch.js';
import type { RefusedDuplicate } from './store/record-duplicates.js';

/** Turns what happened into metrics and log lines: one for what became of each update, one for each failed try, none with message text. */
export class TicketingObserver implements BatchObserver, GateObserver, RelayObserver {
  constructor(
    private readonly logger: Pick<Logger, 'debug' | 'info' | 'warn' | 'error' | 'isLevelEnabled'>,
    private readonly metrics: TicketingMetrics,
  ) {}

  settled(report: BatchReport): void {
    this.metrics.settled(report);
    const { updates, settlements, seconds } = report;
    const outcomes = countBy(settlements, ({ outcome }) => outcome);
    this.logger.debug({ records: updates.length, outcomes, ms: Math.round(seconds * 1000) }, 'batch settled');
    const isTold = this.logger.isLevelEnabled('info');
    const told = isTold ? settlements : settlements.filter(({ failure }) => failure !== undefined);
    logTogether(() => told.forEach((settlement) => this.settledUpdate(settlement, report)));
  }

  breakerChanged(...[breaker, state, reason]: Parameters<GateObserver['breakerChanged']>): void {
    this.metrics.breakerChanged(breaker, state);
    if (breaker === 'dead-letters') this.logger.warn({ breaker, state, reason }, 'breaker changed');
  }

  notMeasured(error: unknown): void {
    this.metrics.failed('measuring', error);
    this.logger.warn({ err: error }, 'what waits could not be measured');
  }

  policiesNotRead(error: unknown): void {
    this.metrics.failed('policies', error);
    this.logger.warn({ err: error }, 'policies could not be read: those that were read last hold on');
  }

  timerFailed(error: unknown): void {
    this.metrics.failed('timers', error);
    this.logger.warn({ err: error }, 'what is due was not done, will be repeated');
  }

  liveNotRead(error: unknown): void {
    this.metrics.failed('live', error);
    this.logger.warn({ err: error }, 'events could not be read for those who follow them, will be repeated');
  }

  paused(error: unknown, afterMs: number): void {
    this.metrics.consumerPaused(error);
    this.logger.warn({ err: error, afterMs }, 'consumption paused');
  }

  duplicatesRecorded(recorded: number, malformed: number): void {
    this.metrics.duplicatesRecorded(recorded, malformed);
    this.logger.debug({ recorded, malformed }, 'duplicates recorded');
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
    this.logger.warn({ err: error }, 'publishing failed, will be repeated');
  }

  /** All that is known of it in one line, so that nothing has to be put together from several. */
  private settledUpdate(settlement: Settlement, { updates, seconds }: BatchReport): void {
    const { update, outcome, reason, ticketId, attempts, redrive, failure } = settlement;
    const { idempotencyKey, botId, updateKind, receivedAt, traceparent } = update;
    const { topic, partition, offset } = update.record;
    const line = {
      ...{ idempotencyKey, outcome, reason, ticketId, attempts, botId, updateKind, topic, partition, offset },
      ...{ failure, redriveId: redrive?.id, ageMs: Date.now() - Date.parse(receivedAt) },
      ...{ batchRecords: updates.length, batchMs: Math.round(seconds * 1000) },
      ...traceIds(traceparent),
    };
    if (failure === undefined) this.logger.info(line, 'update settled');
    else this.logger.warn(line, FAILED[outcome === 'parked' ? 'waits' : 'dead']);
  }
}

const FAILED = { waits: 'update failed, will be tried again', dead: 'update dead-lettered' };

function countBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[keyOf(item)] = (counts[keyOf(item)] ?? 0) + 1;
  return counts;
}
