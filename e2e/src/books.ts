import { describeReport, type AuditReport } from '@onceline/testing';
import type { System } from '@onceline/tools';

/** The independent checker, run until everything is settled: fails with its report unless the books balance. */
export async function expectBalanced(system: System, expected: { atLeastUnique?: number } = {}): Promise<AuditReport> {
  const report = await system.audit(60_000);
  if (!report.balanced) throw new Error(describeReport(report));
  expect(report.unique).toBeGreaterThanOrEqual(expected.atLeastUnique ?? 1);
  return report;
}

/**
 * What holds when the only broker goes away: nothing is lost and no ticket is doubled. The broker itself may lose commit markers
 * then, so that a batch stands twice in unique (decision 13); the ledger books each of those updates once all the same.
 */
export async function expectNothingLost(system: System): Promise<void> {
  const report = await system.audit(60_000);
  expect(report).toMatchObject({ missing: [], pending: 0, contradictions: [] });
  expect(report.doubled.filter((key) => key.startsWith('message '))).toEqual([]);
  const settled = Object.values(report.outcomes).reduce((sum, count) => sum + count, 0);
  expect(settled).toBe(report.unique - report.doubledCount);
}
