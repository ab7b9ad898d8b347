import type { Queries } from '@onceline/postgres';
import { readFailureHeaders, type FailureClass } from '@onceline/retry-policy';
import { decodeCursor, pageOf } from '@onceline/service-kit';
import { AUDIT_COLUMNS, toAuditEntry, type AuditRow } from './audit-trail.js';
import type { DeadLetterStatus } from './dead-letter.js';
import {
  listCursorSchema,
  type DeadLetterDetails,
  type DeadLettersPage,
  type DeadLetterView,
  type ListQuery,
} from './schemas.js';
import { filterConditions, Parameters, whereAll } from './selection.js';

const COLUMNS = `dead_letter_id, consumer, class, status, fingerprint, failure_kind, failure_code, failure_message, handler_version,
  attempts, bot_id, conversation, idempotency_key, trace_id, redrive_count, came_from_redrive, first_failed_at, dead_at`;

interface DeadLetterRow {
  dead_letter_id: string;
  consumer: string;
  class: FailureClass;
  status: DeadLetterStatus;
  fingerprint: string;
  failure_kind: string;
  failure_code: string;
  failure_message: string;
  handler_version: string | null;
  attempts: number;
  bot_id: string | null;
  conversation: string | null;
  idempotency_key: string | null;
  trace_id: string | null;
  redrive_count: number;
  came_from_redrive: string | null;
  first_failed_at: Date | null;
  dead_at: Date;
}

/** A moment as text with all its microseconds: a Date would lose some, and the page after would repeat rows. */
export const exactly = (column: string): string =>
  `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** Newest first; the id decides between dead letters of the same moment. */
export async function readDeadLetters(queries: Queries, query: ListQuery): Promise<DeadLettersPage> {
  const { limit, cursor, ...filter } = query;
  const parameters = new Parameters();
  const conditions = filterConditions(filter, parameters);
  if (cursor !== undefined) {
    const [deadAt, id] = decodeCursor(listCursorSchema, cursor);
    conditions.push(
      `(dead_at, dead_letter_id) < (${parameters.add(deadAt)}::timestamptz, ${parameters.add(id)}::text)`,
    );
  }
  const rows = await queries.query<DeadLetterRow & { moment: string }>(
    `select ${COLUMNS}, ${exactly('dead_at')} as moment from retry.dead_letters ${whereAll(conditions)}
     order by dead_at desc, dead_letter_id desc limit ${parameters.add(limit + 1)}`,
    parameters.values,
  );
  return pageOf(rows, limit, toView, ({ moment, dead_letter_id }) => [moment, dead_letter_id]);
}

interface DetailsRow extends DeadLetterRow {
  topic: string;
  partition: number;
  kafka_offset: string;
  record_key: string | null;
  payload: Buffer | null;
  headers: Record<string, string>;
  copies: number;
}

interface ItemRow {
  redrive_id: string;
  state: string;
  outcome: string | null;
  ticket_id: string | null;
  is_corrected: boolean;
  sent_at: Date | null;
  settled_at: Date | null;
}

/** One dead letter with all that is known of it; undefined when there is none. */
export async function readDeadLetter(queries: Queries, id: string): Promise<DeadLetterDetails | undefined> {
  const [row] = await queries.query<DetailsRow>(
    `select ${COLUMNS}, topic, partition, kafka_offset, record_key, payload, headers,
       (select count(*)::int from retry.positions p where p.dead_letter_id = d.dead_letter_id) as copies
     from retry.dead_letters d where dead_letter_id = $1`,
    [id],
  );
  if (!row) return undefined;
  const items = await queries.query<ItemRow>(
    `select item.redrive_id, item.state, outcome, ticket_id, payload is not null as is_corrected, sent_at, settled_at
     from retry.redrive_items item join retry.redrives r using (redrive_id) where dead_letter_id = $1 order by r.created_at`,
    [id],
  );
  const history = await queries.query<AuditRow>(
    `select ${AUDIT_COLUMNS} from retry.audit_trail where dead_letter_ids @> array[$1::text] order by entry_id`,
    [id],
  );
  const others = await queries.query<{ id: string; status: string }>(
    `select dead_letter_id as id, status from retry.dead_letters
     where idempotency_key = $1 and consumer = $2 and dead_letter_id <> $3 order by dead_at limit 100`,
    [row.idempotency_key, row.consumer, id],
  );
  return {
    ...toView(row),
    position: { topic: row.topic, partition: row.partition, offset: Number(row.kafka_offset) },
    deadLetterReason: readFailureHeaders(row.headers, Date.now()).deadLetterReason ?? null,
    copies: row.copies,
    key: row.record_key,
    payload: toPayload(row.payload),
    headers: row.headers,
    redrives: items.map(toItem),
    history: history.map(toAuditEntry),
    sameUpdate: others,
  };
}

function toView(row: DeadLetterRow): DeadLetterView {
  return {
    id: row.dead_letter_id,
    consumer: row.consumer,
    class: row.class,
    status: row.status,
    fingerprint: row.fingerprint,
    failure: { kind: row.failure_kind, code: row.failure_code, message: row.failure_message },
    handlerVersion: row.handler_version,
    attempts: row.attempts,
    botId: row.bot_id,
    conversation: row.conversation,
    idempotencyKey: row.idempotency_key,
    traceId: row.trace_id,
    redriveCount: row.redrive_count,
    redriveId: row.came_from_redrive,
    firstFailedAt: row.first_failed_at?.toISOString() ?? null,
    deadAt: row.dead_at.toISOString(),
  };
}

function toItem(row: ItemRow): DeadLetterDetails['redrives'][number] {
  return {
    redriveId: row.redrive_id,
    state: row.state,
    outcome: row.outcome,
    ticketId: row.ticket_id,
    isCorrected: row.is_corrected,
    sentAt: row.sent_at?.toISOString() ?? null,
    settledAt: row.settled_at?.toISOString() ?? null,
  };
}

function toPayload(payload: Buffer | null): DeadLetterDetails['payload'] {
  if (payload === null) return { base64: null, text: null, bytes: 0 };
  const text = payload.toString('utf8');
  return { base64: payload.toString('base64'), text: isJson(text) ? text : null, bytes: payload.length };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
