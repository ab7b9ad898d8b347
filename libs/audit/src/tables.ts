import type { Client } from 'pg';
import type { Books } from './books.js';
import type { ContradictionRule } from './findings.js';
import { TICKET_OUTCOMES } from './outcomes.js';

interface Question {
  readonly rule: ContradictionRule;
  readonly query: string;
}

const WITH_EVENT = TICKET_OUTCOMES.map((outcome) => `'${outcome}'`).join(', ');

/** What happens without a message. */
const HAPPENINGS = `'message-deleted', 'bot-blocked', 'bot-unblocked', 'member-left', 'topic-closed', 'topic-reopened', 'ticket-moved'`;

/** The event that each outcome says there is. */
const CAUSED = `case l.outcome when 'message-edited' then e.type = 'message-edited'
    when 'staff-replied' then e.type in ('staff-replied', 'note-added')
    when 'event-recorded' then e.type in (${HAPPENINGS}) else e.type = 'message-appended' end`;

/**
 * What ticketing's tables say of each other. Asked of PostgreSQL itself, which joins faster than we could read; each query
 * answers the `subject` of every row that does not fit.
 */
const QUESTIONS: readonly Question[] = [
  {
    rule: 'message-without-event',
    query: `select m.bot_id || ':' || m.chat_id || ':' || m.message_id as subject
      from ticketing.ticket_messages m left join ticketing.events e
        on e.ticket_id = m.ticket_id and e.version = m.version and e.type in ('message-appended', 'staff-replied')
        and e.payload #>> '{data,botId}' = m.bot_id and e.payload #>> '{data,chatId}' = m.chat_id
        and e.payload #>> '{data,messageId}' = m.message_id::text
      where e.ticket_id is null`,
  },
  {
    rule: 'event-without-message',
    query: `select e.event_id as subject
      from ticketing.events e left join ticketing.ticket_messages m on m.ticket_id = e.ticket_id and m.version = e.version
      where e.type in ('message-appended', 'staff-replied') and m.ticket_id is null`,
  },
  {
    rule: 'outcome-without-message-event',
    query: `select l.idempotency_key as subject
      from ticketing.ledger l left join ticketing.events e
        on e.idempotency_key = l.idempotency_key and e.ticket_id = l.ticket_id
        and ${CAUSED}
      where l.outcome in (${WITH_EVENT}) and e.ticket_id is null`,
  },
  {
    rule: 'event-without-outcome',
    query: `select e.event_id as subject
      from ticketing.events e left join ticketing.ledger l
        on l.idempotency_key = e.idempotency_key
        and (${CAUSED} or e.type in ('ticket-opened', 'ticket-status-changed'))
        and l.outcome in (${WITH_EVENT})
      where e.type <> 'update-missing' and e.idempotency_key !~ '^(command|timer):' and l.idempotency_key is null`,
  },
  {
    rule: 'event-of-nobody',
    query: `select e.event_id as subject from ticketing.events e
      where (e.idempotency_key like 'command:%') <> coalesce(e.payload #>> '{data,by}' is not null, false)`,
  },
  {
    rule: 'message-differs-from-events',
    query: `select m.bot_id || ':' || m.chat_id || ':' || m.message_id as subject
      from ticketing.ticket_messages m join (
        select distinct on (ticket_id, bot_id, chat_id, message_id) ticket_id, bot_id, chat_id, message_id,
            version as content_version, (data ->> 'editedAt')::timestamptz as edited_at,
            count(*) filter (where type = 'message-edited') over (partition by ticket_id, bot_id, chat_id, message_id) as edits
          from (select ticket_id, version, type, payload -> 'data' as data, payload #>> '{data,botId}' as bot_id,
              payload #>> '{data,chatId}' as chat_id, (payload #>> '{data,messageId}')::bigint as message_id
            from ticketing.events where type in ('message-appended', 'staff-replied', 'message-edited')) e
          order by ticket_id, bot_id, chat_id, message_id, edited_at desc nulls last, version desc) e
        using (ticket_id, bot_id, chat_id, message_id)
      left join (
        select ticket_id, payload #>> '{data,botId}' as bot_id, payload #>> '{data,chatId}' as chat_id,
            (payload #>> '{data,messageId}')::bigint as message_id, min((payload ->> 'occurredAt')::timestamptz) as deleted_at
          from ticketing.events where type = 'message-deleted' group by 1, 2, 3, 4) d
        using (ticket_id, bot_id, chat_id, message_id)
      where m.content_version <> e.content_version or m.edited_at is distinct from e.edited_at or m.edit_count <> e.edits
        or m.deleted_at is distinct from d.deleted_at`,
  },
  {
    rule: 'ticket-differs-from-events',
    query: `select t.ticket_id as subject
      from ticketing.tickets t join (
        select ticket_id, max(version) as version, count(*) filter (where type = 'message-appended') as messages
        from ticketing.events group by ticket_id) e on e.ticket_id = t.ticket_id
      where t.version <> e.version or t.message_count <> e.messages or t.status <> coalesce((
        select s.payload #>> '{data,to}' from ticketing.events s where s.ticket_id = t.ticket_id and s.type = 'ticket-status-changed'
          order by s.version desc limit 1), 'new')`,
  },
  {
    rule: 'gap-without-dead-letter',
    query: `select e.event_id as subject
      from ticketing.events e left join ticketing.ledger l
        on l.idempotency_key = e.idempotency_key and (l.outcome in ('dead-lettered', 'discarded') or l.redrive_count > 0)
      where e.type = 'update-missing' and l.idempotency_key is null`,
  },
  {
    rule: 'dead-lettered-too-often',
    query: `select l.idempotency_key as subject
      from ticketing.outbox o join ticketing.ledger l on l.idempotency_key = o.headers ->> 'idempotency-key'
      where o.topic = 'ticketing.dead-letter'
      group by l.idempotency_key, l.redrive_count having count(*) > l.redrive_count + 1`,
  },
];

/** Asks every question, inside the caller's snapshot. */
export async function readTableFaults(client: Client, books: Books): Promise<void> {
  for (const { rule, query } of QUESTIONS) {
    const { rows } = await client.query<{ subject: string }>(query);
    for (const { subject } of rows) books.faults.push({ rule, subject });
  }
}
