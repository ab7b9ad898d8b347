import { checksum, milliseconds, number, optional, text, type Row, type Section } from './rows.js';
import type { Delivery } from './waiting-books.js';

const isDeadLetter = (topic: string) => topic.endsWith('.dead-letter');

/** Rows of the outbox beyond the relay's cursor. What is behind it lies in its topic. */
const OUTBOX = `select topic, headers ->> 'idempotency-key' as key, headers ->> 'attempt' as attempt, headers ->> 'redrive-id' as redrive_id
  from ticketing.outbox
  where (tx_id, id) > (select tx_id, id from ticketing.outbox_cursors where source = 'outbox')
    and not exists (select from ticketing.outbox_refused r where r.source = 'outbox' and r.id = outbox.id)`;

/** What waits, as ticketing's tables have it. */
export const WAITING_SECTIONS: readonly Section[] = [
  {
    query: `select conversation, head_key as key, attempt, redrive_id, followers, ${milliseconds('(now() - due_at)')} as overdue
              from ticketing.parked_conversations`,
    add: ({ waiting }, row) =>
      waiting.heads.push({
        conversation: text(row, 'conversation'),
        key: text(row, 'key'),
        attempt: number(row, 'attempt'),
        redriveId: optional(row, 'redrive_id'),
        followers: number(row, 'followers'),
        overdueMs: number(row, 'overdue'),
      }),
  },
  {
    query: `select conversation, idempotency_key as key, redrive_id, value from ticketing.parked_updates`,
    add: ({ waiting }, row) =>
      waiting.followers.push({
        conversation: text(row, 'conversation'),
        key: text(row, 'key'),
        redriveId: optional(row, 'redrive_id'),
        payloadHash: checksum(row, 'value'),
      }),
  },
  {
    query: OUTBOX,
    add: ({ waiting }, row) =>
      (isDeadLetter(text(row, 'topic')) ? waiting.outboxDeadLetters : waiting.outbox).push(deliveryOf(row)),
  },
  {
    query: `select source || ' ' || id || ' for ' || topic || ' (' || reason || ')' as subject from ticketing.outbox_refused`,
    add: ({ faults }, row) => void faults.push({ rule: 'refused-by-kafka', subject: text(row, 'subject') }),
  },
];

function deliveryOf(row: Row): Delivery {
  return {
    key: optional(row, 'key') ?? 'no idempotency-key',
    attempt: Number(optional(row, 'attempt') ?? Number.NaN),
    redriveId: optional(row, 'redrive_id'),
  };
}
