import { withDatabase, type DatabaseAddress } from './database-client.js';
import type { TimeRange } from './findings.js';
import type { AuditReport } from './report.js';

const INSERT = `insert into ticketing.audits (range_from, range_to, missing, doubled, contradictions, pending)
  values ($1, $2, $3, $4, $5, $6)`;

/** Leaves what an audit found in ticketing's database, from where its metrics show it. The audit itself writes nothing. */
export async function recordAudit(
  database: DatabaseAddress,
  report: AuditReport,
  range: TimeRange = {},
): Promise<void> {
  const { missingCount, doubledCount, contradictionCount, pending } = report;
  const found = [missingCount, doubledCount, contradictionCount, pending];
  await withDatabase(database, async (client) => {
    await client.query(INSERT, [dateOf(range.from), dateOf(range.to), ...found]);
  });
}

function dateOf(milliseconds: number | undefined): Date | null {
  return milliseconds === undefined ? null : new Date(milliseconds);
}
