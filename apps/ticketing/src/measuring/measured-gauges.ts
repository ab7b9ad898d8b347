import type { MetricsRegistry } from '@onceline/service-kit';
import { Gauge } from 'prom-client';
import { OUTBOX_SOURCES } from '../metrics.js';
import { AUDIT_FINDINGS, type DatabaseMeasures } from './read-measures.js';

/** What is measured now and then, beside the work. Every label is there at 0 from the start. */
export class MeasuredGauges {
  private readonly parked;
  private readonly backlog;
  private readonly outboxOldest;
  private readonly clocksOldest;
  private readonly findings;
  private readonly auditFinished;
  private readonly unreadOldest;

  constructor(registry: MetricsRegistry, topics: readonly string[]) {
    const gauge = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
      new Gauge({ name: `onceline_ticketing_${name}`, help, labelNames, registers: [registry] });
    this.parked = {
      conversations: gauge('parked_conversations', 'Conversations that wait for an update that failed.', []),
      updates: gauge('parked_updates', 'Updates that wait: the ones that failed, and those behind them.', []),
      oldest: gauge('parked_oldest_seconds', 'Age of the conversation that has waited longest.', []),
    };
    this.backlog = gauge('outbox_backlog_records', 'Committed records not yet published (capped at 100000).', [
      'source',
    ]);
    this.outboxOldest = gauge('outbox_oldest_seconds', 'Age of the oldest committed record not yet published.', [
      'source',
    ]);
    this.clocksOldest = gauge(
      'clocks_oldest_seconds',
      'Age of the oldest event that the clocks of tickets have not followed.',
      [],
    );
    this.findings = gauge('audit_findings', 'What the last recorded audit found.', ['finding']);
    this.auditFinished = gauge('audit_finished_timestamp_seconds', 'When the last recorded audit was over.', []);
    this.unreadOldest = gauge('unread_oldest_seconds', 'Age of the oldest record that the group has not settled.', [
      'topic',
    ]);
    for (const source of OUTBOX_SOURCES) this.outboxMeasured({ source, backlog: 0, oldestSeconds: 0 });
    for (const finding of AUDIT_FINDINGS) this.findings.set({ finding }, 0);
    for (const topic of topics) this.unreadMeasured(topic, 0);
  }

  databaseMeasured({ parking, outbox, clocksOldestSeconds, audit }: DatabaseMeasures): void {
    this.parked.conversations.set(parking.conversations);
    this.parked.updates.set(parking.updates);
    this.parked.oldest.set(parking.oldestSeconds);
    for (const measure of outbox) this.outboxMeasured(measure);
    this.clocksOldest.set(clocksOldestSeconds);
    if (audit === undefined) return;
    for (const finding of AUDIT_FINDINGS) this.findings.set({ finding }, audit[finding]);
    this.auditFinished.set(audit.finishedAt);
  }

  databaseUnknown(): void {
    const { conversations, updates, oldest } = this.parked;
    for (const gauge of [conversations, updates, oldest, this.clocksOldest, this.auditFinished]) gauge.remove();
    for (const gauge of [this.backlog, this.outboxOldest, this.findings]) gauge.reset();
  }

  unreadUnknown(): void {
    this.unreadOldest.reset();
  }

  unreadMeasured(topic: string, oldestSeconds: number): void {
    this.unreadOldest.set({ topic }, oldestSeconds);
  }

  private outboxMeasured({ source, backlog, oldestSeconds }: DatabaseMeasures['outbox'][number]): void {
    this.backlog.set({ source }, backlog);
    this.outboxOldest.set({ source }, oldestSeconds);
  }
}
