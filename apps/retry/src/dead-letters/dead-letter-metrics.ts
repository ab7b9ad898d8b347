import type { Queries } from '@onceline/postgres';
import { classifyFailure, FAILURE_CLASSES, FAILURE_HEADER_NAMES } from '@onceline/retry-policy';
import type { MetricsRegistry } from '@onceline/service-kit';
import { Counter, Gauge } from 'prom-client';
import { ITEM_STATES, REDRIVE_STATES, STATUSES, type DeadLetter, type DeadLetterSource } from './dead-letter.js';

const NAMESPACE = 'onceline_retry_';

/** What the room of the dead letters counts. Every label is there at 0 from the start, so that an alert can tell "none" from "not asked". */
export class DeadLetterMetrics {
  private readonly indexed;
  private readonly copies;
  private readonly clampedHeaders;
  private readonly reducedRecords;
  private readonly kept;
  private readonly oldestOpen;
  private readonly redrives;
  private readonly redriveRecords;
  private readonly sent;
  private readonly notices;
  private readonly failures;
  private readonly unreadOldest;

  constructor(
    registry: MetricsRegistry,
    private readonly sources: readonly DeadLetterSource[],
  ) {
    const registers = [registry];
    const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
      new Counter({ name: `${NAMESPACE}${name}_total`, help, labelNames, registers });
    const gauge = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
      new Gauge({ name: `${NAMESPACE}${name}`, help, labelNames, registers });
    this.indexed = counter('dead_letters_indexed', 'Dead letters taken into the index.', ['consumer', 'class']);
    this.copies = counter('dead_letter_copies', 'Records that were in the index before.', []);
    this.clampedHeaders = counter('dead_letter_headers_clamped', 'Headers that could not be believed.', ['header']);
    this.reducedRecords = counter('dead_letters_reduced', 'Dead letters indexed without their headers.', []);
    this.kept = gauge('dead_letters', 'Dead letters in the index.', ['consumer', 'class', 'status']);
    this.oldestOpen = gauge('dead_letter_oldest_open_seconds', 'Age of the oldest open dead letter.', ['consumer']);
    this.redrives = gauge('redrives', 'Redrives by state.', ['state']);
    this.redriveRecords = gauge('redrive_records', 'Records of the redrives that run or wait for outcomes.', ['state']);
    this.sent = counter('redrive_records_sent', 'Records sent again.', []);
    this.notices = gauge('ledger_notices_waiting', 'Discards that the ledger has not heard of.', []);
    this.failures = counter('dead_letter_failures', 'Rounds that failed and are repeated.', ['work', 'known']);
    this.unreadOldest = gauge('unread_oldest_seconds', 'Age of the oldest dead letter that is not in the index.', [
      'topic',
    ]);
    this.startAtZero();
  }

  unread(topic: string, oldestSeconds: number): void {
    this.unreadOldest.set({ topic }, oldestSeconds);
  }

  unreadUnknown(): void {
    this.unreadOldest.reset();
  }

  recordsIndexed(deadLetters: readonly DeadLetter[], copies: number): void {
    for (const deadLetter of deadLetters) this.indexed.inc({ consumer: deadLetter.consumer, class: deadLetter.class });
    this.copies.inc(copies);
  }

  headersClamped(names: readonly string[]): void {
    for (const header of names) this.clampedHeaders.inc({ header });
  }

  recordReduced(): void {
    this.reducedRecords.inc();
  }

  recordsSent(count: number): void {
    this.sent.inc(count);
  }

  /** What no rule knows is worth an alert. */
  failed(work: Work, error: unknown): void {
    this.failures.inc({ work, known: String(classifyFailure(error).known) });
  }

  /** Reads what only the database knows. */
  async measure(queries: Queries): Promise<void> {
    const kept = await queries.query<{ consumer: string; class: string; status: string; count: number; age: number }>(
      `select consumer, class, status, count(*)::int as count, extract(epoch from now() - min(dead_at))::float8 as age
       from retry.dead_letters group by consumer, class, status`,
    );
    const redrives = await queries.query<{ state: string; count: number }>(
      `select state, count(*)::int as count from retry.redrives group by state`,
    );
    const items = await queries.query<{ state: string; count: number }>(
      `select item.state, count(*)::int as count from retry.redrive_items item join retry.redrives r using (redrive_id)
       where r.state = 'running' or item.state = 'sent' group by item.state`,
    );
    const [notices] = await queries.query<{ count: number }>(
      `select count(*)::int as count from retry.ledger_notices where told_at is null`,
    );
    this.resetGauges();
    for (const { consumer, class: of, status, count } of kept) this.kept.set({ consumer, class: of, status }, count);
    const open = kept.filter(({ status }) => status === 'open');
    for (const { consumer, age } of open.toSorted((a, b) => a.age - b.age)) this.oldestOpen.set({ consumer }, age);
    for (const { state, count } of redrives) this.redrives.set({ state }, count);
    for (const { state, count } of items) this.redriveRecords.set({ state }, count);
    this.notices.set(notices?.count ?? 0);
  }

  private startAtZero(): void {
    this.resetGauges();
    for (const { consumer, topic } of this.sources) {
      this.unread(topic, 0);
      for (const of of FAILURE_CLASSES) this.indexed.inc({ consumer, class: of }, 0);
    }
    for (const header of FAILURE_HEADER_NAMES) this.clampedHeaders.inc({ header }, 0);
    for (const work of WORK) for (const known of ['true', 'false']) this.failures.inc({ work, known }, 0);
  }

  private resetGauges(): void {
    for (const { consumer } of this.sources) {
      this.oldestOpen.set({ consumer }, 0);
      for (const of of FAILURE_CLASSES)
        for (const status of STATUSES) this.kept.set({ consumer, class: of, status }, 0);
    }
    for (const state of REDRIVE_STATES) this.redrives.set({ state }, 0);
    for (const state of ITEM_STATES) this.redriveRecords.set({ state }, 0);
  }
}

/** The work that goes on by itself. */
export const WORK = ['index', 'send', 'watch', 'tell', 'measure', 'ticketing'] as const;
export type Work = (typeof WORK)[number];
