import type { Queries } from '@onceline/postgres';
import { decodeCursor, pageOf } from '@onceline/service-kit';
import { auditCursorSchema, type AuditEntry, type AuditPage } from './schemas.js';

/** Something that was done, by whom and why. */
export interface Deed {
  readonly action: 'redrive' | 'cancel' | 'discard' | 'stop';
  readonly actor: string;
  readonly reason: string;
  readonly redriveId?: string;
  readonly deadLetterIds: readonly string[];
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Written in the transaction that does the deed. The table takes no change and no deletion. */
export async function recordDeed(queries: Queries, deed: Deed): Promise<void> {
  await queries.query(
    `insert into retry.audit_trail (action, actor, reason, redrive_id, dead_letter_ids, details) values ($1, $2, $3, $4, $5, $6)`,
    [
      deed.action,
      deed.actor,
      deed.reason,
      deed.redriveId ?? null,
      deed.deadLetterIds,
      JSON.stringify(deed.details ?? {}),
    ],
  );
}

export const AUDIT_COLUMNS = `entry_id, made_at, action, actor, reason, redrive_id, cardinality(dead_letter_ids) as count, details`;

export interface AuditRow {
  entry_id: string;
  made_at: Date;
  action: string;
  actor: string;
  reason: string;
  redrive_id: string | null;
  count: number;
  details: Record<string, unknown>;
}

export function toAuditEntry(row: AuditRow): AuditEntry {
  return {
    id: row.entry_id,
    at: row.made_at.toISOString(),
    action: row.action,
    actor: row.actor,
    reason: row.reason,
    redriveId: row.redrive_id,
    deadLetterCount: row.count,
    details: row.details,
  };
}

/** Newest first. */
export async function readAuditTrail(
  queries: Queries,
  page: { limit: number; cursor?: string | undefined },
): Promise<AuditPage> {
  const before = page.cursor === undefined ? null : decodeCursor(auditCursorSchema, page.cursor);
  const rows = await queries.query<AuditRow>(
    `select ${AUDIT_COLUMNS} from retry.audit_trail where $1::bigint is null or entry_id < $1::bigint
     order by entry_id desc limit $2`,
    [before, page.limit + 1],
  );
  return pageOf(rows, page.limit, toAuditEntry, ({ entry_id }) => entry_id);
}
