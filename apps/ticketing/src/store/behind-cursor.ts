/**
 * Conditions on `ticketing.events e`: behind the cursor that a follower keeps in this table of one row, and below every transaction that
 * still runs, since ids are taken before a commit. In the order of (tx_id, global_id) nothing can appear between any more.
 *
 * The cursor's columns are single values. Joined to it, the planner does not bound the index by it and walks through all events before.
 */
export function behindCursor(table: string): string {
  return `e.tx_id < pg_snapshot_xmin(pg_current_snapshot()) and ${afterCursor(table)}`;
}

/** The same with those that may still be joined by earlier ones. */
export function afterCursor(table: string): string {
  return `(e.tx_id, e.global_id) > ((select tx_id from ticketing.${table}), (select id from ticketing.${table}))`;
}
