import { setTimeout as sleep } from 'node:timers/promises';
import { TOPICS } from '@onceline/contracts';
import type { Kafka } from '@onceline/kafka';
import { Books } from './books.js';
import { readDatabase } from './database.js';
import type { DatabaseAddress } from './database-client.js';
import type { TimeRange } from './findings.js';
import { readBounds, readTopics, type StageGroups } from './kafka.js';
import { checkBooks, type AuditReport } from './report.js';
import { readUnderWay, readWaitingTopics, retryTopics } from './under-way.js';

/** What to audit, and how patiently. */
export interface AuditOptions {
  readonly kafka: Kafka;
  /** `postgres://…` of ticketing's database. */
  readonly databaseUrl: string;
  /** Without it the connection is a plain one. */
  readonly databaseTls?: DatabaseAddress['tls'];
  readonly range?: TimeRange;
  /** How long the system may go on draining before it is judged. Default 30 s. */
  readonly waitMs?: number;
  readonly groups?: StageGroups;
  /** What the audit is doing, for people. */
  readonly onProgress?: (line: string) => void;
}

const POLL_MS = 250;

/** Lag that does not move for this long is looked at in the books: it may be control records that nobody commits. */
const STEADY_MS = 2000;

/**
 * Proves the sums against Kafka and PostgreSQL themselves, never by a service's own counters. While something is pending
 * and the wait is not over, the system is given time and judged again.
 */
export async function auditSystem(options: AuditOptions): Promise<AuditReport> {
  const { kafka, onProgress = () => undefined } = options;
  const database = { url: options.databaseUrl, tls: options.databaseTls };
  const groups = options.groups ?? { dedupe: 'dedupe', ticketing: 'ticketing', retry: 'retry' };
  const deadline = Date.now() + (options.waitMs ?? 30_000);
  for (;;) {
    await waitUntilDrained(kafka, groups, deadline, onProgress);
    const books = new Books();
    books.bounds = await readBounds(kafka, groups);
    const waiting = await readWaitingTopics(kafka, groups, await retryTopics(database));
    await readDatabase(database, books);
    await readUnderWay(kafka, waiting, books);
    await readTopics(kafka, books);
    const report = checkBooks(books, options.range);
    const left = deadline - Date.now();
    if (report.pending === 0 || left <= 0) return report;
    onProgress(`${report.pending} pending, waiting up to ${Math.ceil(left / 1000)} s more`);
    await sleep(Math.min(left, STEADY_MS));
  }
}

async function waitUntilDrained(
  kafka: Kafka,
  groups: StageGroups,
  deadline: number,
  onProgress: (line: string) => void,
): Promise<void> {
  let last = -1;
  let steadySince = Date.now();
  for (;;) {
    const lag = await totalLag(kafka, groups);
    const now = Date.now();
    if (lag !== last) {
      if (last >= 0) onProgress(`${lag} records not settled yet`);
      [last, steadySince] = [lag, now];
    }
    if (lag === 0 || now >= deadline || now - steadySince >= STEADY_MS) return;
    await sleep(POLL_MS);
  }
}

async function totalLag({ admin }: Kafka, groups: StageGroups): Promise<number> {
  let lag = 0;
  for (const [group, topic] of [
    [groups.dedupe, TOPICS.raw],
    [groups.ticketing, TOPICS.unique],
    [groups.ticketing, TOPICS.duplicates],
  ] as const) {
    const committed = await admin.committed(group, topic);
    const ends = await admin.offsets(topic);
    ends.forEach(({ low, high }, partition) => (lag += Math.max(0, high - (committed[partition] ?? low))));
  }
  return lag;
}
