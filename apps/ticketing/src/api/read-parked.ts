import { decodeCursor, pageOf } from '@onceline/service-kit';
import type { WithSession } from '../store/session.js';
import { parkedCursorSchema, type ParkedConversationEntry, type ParkedPage, type ParkedQuery } from './schemas.js';

const PARKED = {
  name: 'parked-conversations',
  text: `select * from (select *, date_trunc('milliseconds', parked_at) as since from ticketing.parked_conversations) as parked
           where (since, conversation) > ($1::timestamptz, $2::text) order by since, conversation limit $3`,
};

interface ParkedRow {
  conversation: string;
  head_key: string;
  attempt: number;
  due_at: Date;
  first_failed_at: Date | null;
  failure_code: string | null;
  failure_message: string | null;
  redrive_id: string | null;
  followers: number;
  since: Date;
}

/** What waits, why and until when: the longest waiting first. */
export async function readParked(withSession: WithSession, { limit, cursor }: ParkedQuery): Promise<ParkedPage> {
  const [since, conversation] =
    cursor === undefined ? ['1970-01-01T00:00:00.000Z', ''] : decodeCursor(parkedCursorSchema, cursor);
  const { rows } = await withSession((session) => session.query<ParkedRow>(PARKED, [since, conversation, limit + 1]));
  return pageOf(
    rows.map(toEntry),
    limit,
    (entry) => entry,
    ({ parkedAt, conversation: of }) => [parkedAt, of],
  );
}

function toEntry(row: ParkedRow): ParkedConversationEntry {
  return {
    conversation: row.conversation,
    headKey: row.head_key,
    attempts: row.attempt,
    dueAt: row.due_at.toISOString(),
    firstFailedAt: row.first_failed_at?.toISOString() ?? null,
    failureCode: row.failure_code,
    failureMessage: row.failure_message,
    redriveId: row.redrive_id,
    followers: row.followers,
    parkedAt: row.since.toISOString(),
  };
}
