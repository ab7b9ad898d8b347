import type { Outcome } from '@onceline/contracts';
import type { Books } from './books.js';
import { settleCopies } from './copies.js';
import { CONTRADICTIONS, Findings, type Contradiction, type TimeRange } from './findings.js';
import { settleOutcomes } from './outcomes.js';
import { checkRelay } from './relay.js';
import { checkTickets } from './tickets.js';
import { checkWaiting } from './waiting.js';

/** What an audit found. Lists hold the first thousand entries, counts are complete. */
export interface AuditReport {
  /** Both equations come out, nothing is pending, nothing is missing, doubled or contradictory. */
  readonly balanced: boolean;
  readonly raw: number;
  readonly unique: number;
  readonly duplicates: number;
  readonly collisions: number;
  /** Raw records whose bytes are no update, in dedupe's dead letters. */
  readonly malformed: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Not settled yet: beyond the committed offset of the stage whose turn it is. */
  readonly pending: number;
  /** Idempotency keys of updates that a stage says it is done with, but did not book; or whose event was not published. */
  readonly missing: readonly string[];
  readonly missingCount: number;
  /** Idempotency keys (or `message bot:chat:id`) that were booked more than once. */
  readonly doubled: readonly string[];
  readonly doubledCount: number;
  readonly contradictions: readonly Contradiction[];
  readonly contradictionCount: number;
  readonly recordedDuplicates: number;
  readonly beyondRetention: number;
  readonly tickets: number;
  readonly ticketMessages: number;
  readonly events: number;
  /** Events that lie in tickets.events. */
  readonly published: number;
  /** Parked updates: those that a record brings back, and those that wait behind them. */
  readonly waiting: { readonly heads: number; readonly followers: number };
  /** Updates that were given up: those that lie there, and those that an operator discarded. */
  readonly dead: { readonly deadLettered: number; readonly discarded: number };
}

/** Judges the books. Pure: the same books give the same report. */
export function checkBooks(books: Books, range: TimeRange = {}): AuditReport {
  const findings = new Findings(books, range);
  const copies = settleCopies(books, findings);
  const outcomes = settleOutcomes(books, findings);
  const tickets = checkTickets(books, findings);
  const relay = checkRelay(books, findings);
  const waiting = checkWaiting(books, findings);
  for (const { rule, subject, at } of books.faults) {
    if (at === undefined || findings.covers(at)) findings.contradiction(rule, subject);
  }
  checkSums(findings, copies, outcomes);
  const { missingCount, doubledCount, contradictionCount, pending } = findings;
  return {
    balanced: missingCount + doubledCount + contradictionCount + pending === 0,
    ...copies,
    ...outcomes,
    pending,
    missing: findings.missingKeys(),
    missingCount,
    doubled: findings.doubledKeys(),
    doubledCount,
    contradictions: findings.contradictions(),
    contradictionCount,
    ...tickets,
    ...relay,
    ...waiting,
  };
}

type Copies = ReturnType<typeof settleCopies>;
type Outcomes = ReturnType<typeof settleOutcomes>;

/** The two equations themselves. With something lost, doubled or pending they cannot come out, and the lists say more. */
function checkSums(findings: Findings, copies: Copies, outcomes: Outcomes): void {
  if (findings.pending + findings.missingCount + findings.doubledCount + findings.contradictionCount > 0) return;
  const booked = copies.unique - copies.beyondRetention + copies.duplicates + copies.collisions + copies.malformed;
  if (copies.raw !== booked) findings.contradiction('sums-differ', `raw ${copies.raw}, booked ${booked}`);
  const settled = Object.values(outcomes.outcomes).reduce((sum, count) => sum + count, 0);
  if (copies.unique !== settled) findings.contradiction('sums-differ', `unique ${copies.unique}, outcomes ${settled}`);
}

/** The report in words; the last line is the verdict. */
export function describeReport(report: AuditReport): string {
  const outcomes = Object.entries(report.outcomes).filter(([, count]) => count > 0);
  const settled = outcomes.reduce((sum, [, count]) => sum + count, 0);
  const lines = [
    `raw ${report.raw} = unique ${report.unique} + duplicates ${report.duplicates} + collisions ${report.collisions} + malformed ${report.malformed}`,
    `unique ${report.unique} = outcomes ${settled} (${outcomes.map(([name, count]) => `${name} ${count}`).join(', ') || 'none'})`,
    `tickets ${report.tickets}, messages ${report.ticketMessages}, events ${report.events} (${report.published} published), recorded duplicates ${report.recordedDuplicates}`,
  ];
  const { waiting, dead } = report;
  if (waiting.heads + waiting.followers + dead.deadLettered + dead.discarded > 0) {
    lines.push(
      `waiting ${waiting.heads + waiting.followers} (${waiting.heads} for a later try, ${waiting.followers} behind them), ` +
        `dead-lettered ${dead.deadLettered}, discarded ${dead.discarded}`,
    );
  }
  if (report.beyondRetention > 0) lines.push(`raw record deleted by retention: ${report.beyondRetention} of unique`);
  if (report.pending > 0) lines.push(`pending ${report.pending}`);
  for (const { rule, subject } of report.contradictions.slice(0, 10)) {
    lines.push(`contradiction: ${CONTRADICTIONS[rule]}: ${subject}`);
  }
  lines.push(report.balanced ? 'audit: balanced' : `audit: NOT balanced, ${faults(report)}`);
  return lines.join('\n');
}

function faults(report: AuditReport): string {
  const some = (keys: readonly string[]) => keys.slice(0, 5).join(' ');
  const parts = [
    report.missingCount > 0 ? `${report.missingCount} missing: ${some(report.missing)}` : '',
    report.doubledCount > 0 ? `${report.doubledCount} doubled: ${some(report.doubled)}` : '',
    report.contradictionCount > 0 ? `${report.contradictionCount} contradictions` : '',
    report.pending > 0 ? `${report.pending} pending` : '',
  ];
  return parts.filter((part) => part !== '').join('; ');
}
