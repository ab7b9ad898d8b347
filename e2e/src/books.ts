import { describeReport, type AuditReport } from '@onceline/audit';
import type { System } from '@onceline/tools';

/** The independent checker, run until everything is settled: fails with its report unless the books balance. */
export async function expectBalanced(system: System, expected: { atLeastUnique?: number } = {}): Promise<AuditReport> {
  const report = await system.audit(60_000);
  if (!report.balanced) throw new Error(describeReport(report));
  expect(report.unique).toBeGreaterThanOrEqual(expected.atLeastUnique ?? 1);
  return report;
}
