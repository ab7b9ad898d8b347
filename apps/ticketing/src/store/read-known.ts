import type { Outcome } from '@onceline/contracts';
import { toFaultRule } from '../faults/fault.store.js';
import type { LoadedQueue, ParkedConversation } from '../parking/parked-conversations.js';
import type { ReceivedUpdate } from '../intake/to-command.js';
import type { IntakeCommand, RecordCustomerMessage, RecordStaffMessage } from '../ticket/commands.js';
import type { RecordedMessage } from '../ticket/message.js';
import { inMigratedChat, type MigratedChat } from '../ticket/migrated-chat.js';
import type { Vault } from '../privacy/vault.js';
import type { Known } from './known.js';
import { MESSAGE_PAYLOADS, openMessages, type MessagePayloads } from './message-content.js';
import { messageKey } from './message-states.js';
import { MigratedChats } from './migrated-chats.js';
import type { Session, Statement } from './session.js';
import { IS_ACTIVE } from './ticket-conditions.js';
import { ticketOf, type TicketRow } from './ticket-row.js';
import type { UnmarkedGap } from './unmarked-gaps.js';

/** Those in which something happened last. */
const ANSWERABLE_TICKETS = 50;
/** What one transaction changes must stay small. */
const CONCERNED_TICKETS = 1000;

/**
 * All that a batch needs to know, in one round trip: outcomes there are already, tickets, recorded messages, parked conversations,
 * gaps that no ticket shows yet, and whether the consumer has been told to stop.
 */
const READ_KNOWN: Statement = {
  name: 'read-known',
  text: `with messages as materialized (
      select m.*, ${MESSAGE_PAYLOADS} from ticketing.ticket_messages m join unnest($3::text[], $4::text[], $5::bigint[])
        as wanted(bot_id, chat_id, message_id) using (bot_id, chat_id, message_id)),
    active as materialized (
      select ticket_id, conversation from ticketing.tickets where conversation = any($2::text[]) and ${IS_ACTIVE}),
    wanted as (
      select ticket_id from active
      union select ended.ticket_id
        from (select unnest($2::text[]) as conversation except select conversation from active) as without
        cross join lateral (select ticket_id from ticketing.tickets t where t.conversation = without.conversation
          order by greatest(t.opened_at, t.resolved_at) desc, t.ticket_id desc limit 1) ended
      union select ticket_id from messages
      union select there.ticket_id from unnest($7::text[], $8::text[], $9::text[], $10::int[]) as place(bot_id, chat_id, topic_id, most)
        cross join lateral (select ticket_id from ticketing.tickets t where t.bot_id = place.bot_id and t.chat_id = place.chat_id
          and coalesce(t.topic_id, '') = place.topic_id and ${IS_ACTIVE} order by t.updated_at desc limit place.most) there
      union select theirs.ticket_id from unnest($11::text[], $12::text[], $13::text[]) as customer(bot_id, chat_id, customer_id)
        cross join lateral (select ticket_id from ticketing.tickets t where t.customer_id = customer.customer_id
          and t.bot_id = customer.bot_id and t.chat_id = customer.chat_id and ${IS_ACTIVE} offset 0) theirs
      union select of_chat.ticket_id from unnest($14::text[], $15::text[]) as left_chat(bot_id, chat_id)
        cross join lateral (select distinct on (t.conversation) t.ticket_id from ticketing.tickets t
          where t.bot_id = left_chat.bot_id and t.chat_id = left_chat.chat_id
          order by t.conversation, (${IS_ACTIVE}) desc, greatest(t.opened_at, t.resolved_at) desc, t.ticket_id desc) of_chat
      union select here.ticket_id from unnest($14::text[], $16::text[]) as new_chat(bot_id, chat_id)
        cross join lateral (select ticket_id from ticketing.tickets t where t.bot_id = new_chat.bot_id
          and t.chat_id = new_chat.chat_id and ${IS_ACTIVE} offset 0) here),
    -- One by one, since a join could be planned as a walk through all tickets.
    tickets as (
      select t.* from wanted cross join lateral (
        select * from ticketing.tickets t where t.ticket_id = wanted.ticket_id limit 1) t),
    -- Those that go on for merged ones, and with what their own conversations go on.
    targets as (select t.* from (select distinct merged_into from tickets where merged_into is not null) as merged
      cross join lateral (select * from ticketing.tickets t where t.ticket_id = merged.merged_into limit 1) t),
    beside_targets as (
      select t.* from (select distinct conversation from targets) as theirs cross join lateral (
        select * from ticketing.tickets t where t.conversation = theirs.conversation and ${IS_ACTIVE} limit 1) t
      union all select t.* from targets cross join lateral (
        select * from ticketing.tickets t where t.conversation = targets.conversation
          order by greatest(t.opened_at, t.resolved_at) desc, t.ticket_id desc limit 1) t)
  select
    (select coalesce(json_agg(json_build_array(idempotency_key, outcome, revision, redrive_id, redrive_count)), '[]')
       from ticketing.ledger where idempotency_key = any($1::text[])) as ledger,
    (select coalesce(json_agg(t), '[]') from (
       select * from tickets union all select * from targets union all select * from beside_targets) t) as tickets,
    (select coalesce(json_agg(m), '[]') from messages m) as messages,
    (select coalesce(json_agg(json_build_object('conversation', conversation, 'key', head_key, 'attempt', attempt,
         'redriveId', redrive_id, 'firstFailedAt', extract(epoch from first_failed_at) * 1000,
         'dueAt', extract(epoch from due_at) * 1000, 'code', failure_code, 'message', failure_message,
         'followers', followers, 'version', version::text)), '[]')
       from ticketing.parked_conversations where conversation = any($2::text[])) as parked,
    (select coalesce(json_agg(g order by seq), '[]') from (
       select g.* from ticketing.unmarked_gaps g where g.idempotency_key = any($1::text[])
       union (select g.* from ticketing.unmarked_gaps g where g.conversation = any($2::text[])
         -- Not a join: that could be planned as a walk through the whole ledger.
         and (select outcome from ticketing.ledger l where l.idempotency_key = g.idempotency_key) in ('dead-lettered', 'discarded')
         order by g.seq limit 1000)) g) as gaps,
    (select coalesce(json_agg(json_build_object('botId', bot_id, 'chatId', chat_id, 'migratedTo', migrated_to)), '[]')
       from ticketing.migrated_chats join unnest($17::text[], $18::text[]) as of_batch(bot_id, chat_id) using (bot_id, chat_id)) as migrated,
    (select is_open from ticketing.breakers where name = 'dead-letters') as stopped,
    (select coalesce(json_agg(f order by created_at, id), '[]') from ticketing.faults f
       where $6::boolean and expires_at > now()) as faults`,
};

interface KnownRow {
  ledger: [key: string, outcome: Outcome, revision: number, redriveId: string | null, redriveCount: number][];
  tickets: TicketRow[];
  messages: MessageRow[];
  parked: ParkedRow[];
  gaps: GapRow[];
  migrated: MigratedChat[];
  stopped: boolean;
  faults: Parameters<typeof toFaultRule>[0][];
}

interface MessageRow extends MessagePayloads {
  bot_id: string;
  chat_id: string;
  message_id: number;
  ticket_id: string;
  version: number;
  content_version: number;
  author: 'customer' | 'staff';
  sender_id: string | null;
  sent_at: string;
  media_group_id: string | null;
  edited_at: string | null;
  edit_count: number;
  deleted_at: string | null;
}

interface GapRow {
  idempotency_key: string;
  conversation: string;
  update_kind: string;
  reason: string;
  received_at: string;
  given_up_at: string;
}

interface ParkedRow {
  conversation: string;
  key: string;
  attempt: number;
  redriveId: string | null;
  firstFailedAt: number | null;
  dueAt: number;
  code: string | null;
  message: string | null;
  followers: number;
  version: string;
}

export interface ReadKnown extends Known {
  /** Nothing is to be handled until an operator, or a trial, says so. */
  readonly isStopped: boolean;
}

/** Reads what the decisions rest on. Not yet claimed: whoever writes first makes the other one read again. */
export async function readKnown(
  session: Session,
  updates: readonly ReceivedUpdate[],
  { queues, faults, vault }: { queues: ReadonlyMap<string, LoadedQueue>; faults: boolean; vault: Vault },
): Promise<ReadKnown> {
  const waiting = [...queues.values()].flatMap((queue) => queue.updates.map(({ update }) => update));
  const all = waiting.length === 0 ? updates : [...updates, ...waiting];
  const asked: Asked = {
    keys: all.map(({ idempotencyKey }) => idempotencyKey),
    conversations: [...all.map(({ scope }) => scope), ...queues.keys()],
    commands: all.flatMap(({ verdict }) => (verdict.type === 'command' ? [verdict.command] : [])),
    faults,
  };
  const row = await ask(session, asked);
  const late = lateCommands(asked.commands, row.migrated);
  const known = late.length === 0 ? row : await ask(session, withLate(asked, late));
  // Only an edit asks what a message says.
  const edits = new Set(asked.commands.flatMap((command) => (isEdit(command) ? [messageKey(command)] : [])));
  const isEdited = (row: MessageRow) =>
    edits.has(messageKey({ botId: row.bot_id, chatId: row.chat_id, messageId: row.message_id }));
  const opened = await openMessages(session, vault, known.messages.filter(isEdited));
  const unread = known.messages.filter((row) => !isEdited(row)).map((row) => ({ row, content: UNREAD }));
  return { ...toKnown(known, [...opened, ...unread].map(toMessage)), queues, isStopped: known.stopped };
}

interface Asked {
  readonly keys: readonly string[];
  readonly conversations: readonly string[];
  readonly commands: readonly IntakeCommand[];
  readonly faults: boolean;
}

async function ask(session: Session, { keys, conversations, commands, faults }: Asked): Promise<KnownRow> {
  const messages = commands.flatMap(messagesOf);
  const [topics, customers] = [commands.flatMap(topicOf), commands.flatMap(customerOf)];
  const migrations = commands.filter((command) => command.type === 'record-chat-migration');
  const groups = commands.filter(({ chatId }) => chatId.startsWith('-'));
  const { rows } = await session.query<KnownRow>(READ_KNOWN, [
    keys,
    [...new Set(conversations)],
    ...columns(messages, ({ botId, chatId, messageId }) => [botId, chatId, messageId], 3),
    faults,
    ...columns(topics, ({ botId, chatId, topicId, most }) => [botId, chatId, topicId, most], 4),
    ...columns(customers, ({ botId, chatId, customerId }) => [botId, chatId, customerId], 3),
    ...columns(migrations, ({ botId, fromChatId, chatId }) => [botId, fromChatId, chatId], 3),
    ...columns(groups, ({ botId, chatId }) => [botId, chatId], 2),
  ]);
  const [row] = rows;
  if (!row) throw new Error('a query without a from clause answered no row');
  return row;
}

/** One array for each column. */
function columns<Row>(rows: readonly Row[], valuesOf: (row: Row) => readonly unknown[], count: number): unknown[][] {
  const values = rows.map(valuesOf);
  return Array.from({ length: count }, (_, column) => values.map((row) => row[column]));
}

/** What comes from a chat that is no more, as it is meant. That is rare, so that it costs a round trip more and the others nothing. */
function lateCommands(commands: readonly IntakeCommand[], migrated: readonly MigratedChat[]): readonly IntakeCommand[] {
  if (migrated.length === 0) return [];
  const chats = new MigratedChats(migrated);
  return commands.flatMap((command) => {
    const meant = inMigratedChat(command, chats.find(command));
    return meant === command ? [] : [meant];
  });
}

function withLate({ commands, conversations, ...same }: Asked, late: readonly IntakeCommand[]): Asked {
  const meant = late.flatMap((command) =>
    'conversation' in command && command.conversation !== null ? [command.conversation] : [],
  );
  return { ...same, conversations: [...conversations, ...meant], commands: [...commands, ...late] };
}

/** Those that a command is about. The one that staff answers shows whose ticket it is. */
function messagesOf(command: IntakeCommand) {
  const { botId, chatId } = command;
  return messageIdsOf(command).map((messageId) => ({ botId, chatId, messageId }));
}

function messageIdsOf(command: IntakeCommand): readonly number[] {
  switch (command.type) {
    case 'record-customer-message':
      return [command.messageId];
    case 'record-staff-message':
      return command.answers === null ? [command.messageId] : [command.messageId, command.answers];
    case 'record-message-deletions':
      return command.messageIds;
    case 'record-happening':
    case 'record-chat-migration':
      return [];
    default:
      return command satisfies never;
  }
}

/** Of all that are active in a topic staff answers one, what happens to the topic concerns each. */
function topicOf(command: IntakeCommand) {
  const { botId, chatId } = command;
  if (command.type === 'record-staff-message') {
    const place = { botId, chatId: command.migratedTo ?? chatId };
    return [{ ...place, topicId: command.topicId ?? '', most: ANSWERABLE_TICKETS }];
  }
  if (command.type !== 'record-happening' || !('topicId' in command.happening)) return [];
  return [{ botId, chatId, topicId: command.happening.topicId, most: CONCERNED_TICKETS }];
}

function customerOf(command: IntakeCommand) {
  if (command.type !== 'record-happening' || 'topicId' in command.happening) return [];
  const { botId, chatId, happening } = command;
  return [{ botId, chatId, customerId: happening.customerId }];
}

function toKnown(row: KnownRow, messages: readonly RecordedMessage[]): Omit<Known, 'queues'> {
  return {
    ledger: new Map(
      row.ledger.map(([key, outcome, revision, redriveId, redriveCount]) => [
        key,
        { outcome, revision, redriveId, redriveCount },
      ]),
    ),
    tickets: row.tickets.map(ticketOf),
    messages: new Map(messages.map((message) => [messageKey(message), message])),
    parked: row.parked.map(toParked),
    unmarkedGaps: row.gaps.map(toGap),
    migratedChats: row.migrated,
    faults: row.faults.map(toFaultRule),
  };
}

function isEdit(command: IntakeCommand): command is RecordCustomerMessage | RecordStaffMessage {
  return 'editedAt' in command && command.editedAt !== null;
}

const UNREAD: Pick<RecordedMessage, 'text' | 'attachments' | 'isErased'> = {
  text: null,
  attachments: [],
  isErased: false,
};

interface KnownMessage {
  readonly row: MessageRow;
  readonly content: typeof UNREAD;
}

function toMessage({ row, content }: KnownMessage): RecordedMessage {
  const { text, attachments, isErased } = content;
  return {
    botId: row.bot_id,
    chatId: row.chat_id,
    messageId: row.message_id,
    ticketId: row.ticket_id,
    version: row.version,
    contentVersion: row.content_version,
    author: row.author,
    sender: row.sender_id === null ? null : { id: row.sender_id, name: null, username: null },
    ...{ text, attachments, isErased },
    sentAt: new Date(row.sent_at).toISOString(),
    mediaGroupId: row.media_group_id,
    editedAt: row.edited_at === null ? null : new Date(row.edited_at).toISOString(),
    editCount: row.edit_count,
    deletedAt: row.deleted_at === null ? null : new Date(row.deleted_at).toISOString(),
  };
}

function toGap(row: GapRow): UnmarkedGap {
  return {
    conversation: row.conversation,
    missing: {
      type: 'record-missing-update',
      idempotencyKey: row.idempotency_key,
      updateKind: row.update_kind,
      reason: row.reason,
      receivedAt: row.received_at,
      occurredAt: row.given_up_at,
    },
  };
}

function toParked(row: ParkedRow): ParkedConversation {
  const { conversation, followers, version, key, attempt, redriveId, code } = row;
  const head = {
    ...{ key, attempt, redriveId },
    firstFailedAt: row.firstFailedAt === null ? null : Math.round(row.firstFailedAt),
    dueAt: Math.round(row.dueAt),
    failure: code === null ? null : { code, message: row.message ?? '' },
  };
  return { conversation, head, followers, version };
}
