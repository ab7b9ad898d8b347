import type { OpenTicket } from '../ticket/state.js';
import { messageKey, type Known } from './plan-batch.js';
import type { Session, Statement } from './session.js';
import type { TracedUpdate } from './traced-update.js';

/** All that a batch needs to know, in one round trip: keys with an outcome, open tickets, recorded messages. */
const READ_KNOWN: Statement = {
  name: 'read-known',
  text: `select
    (select coalesce(array_agg(idempotency_key), '{}') from ticketing.ledger
       where idempotency_key = any($1::text[])) as settled,
    (select coalesce(json_agg(t), '[]') from ticketing.tickets t
       where conversation = any($2::text[]) and status = 'open') as tickets,
    (select coalesce(json_agg(json_build_array(bot_id, chat_id, message_id::text, ticket_id)), '[]')
       from ticketing.ticket_messages join unnest($3::text[], $4::text[], $5::bigint[])
         as wanted(bot_id, chat_id, message_id) using (bot_id, chat_id, message_id)) as messages`,
};

interface KnownRow {
  settled: string[];
  tickets: TicketRow[];
  messages: [botId: string, chatId: string, messageId: string, ticketId: string][];
}

interface TicketRow {
  ticket_id: string;
  bot_id: string;
  chat_id: string;
  conversation: string;
  customer_id: string | null;
  version: number;
  message_count: number;
  opened_at: string;
  updated_at: string;
}

/** Reads what the decisions rest on. Not yet claimed: whoever writes first makes the other one read again. */
export async function readKnown(session: Session, updates: readonly TracedUpdate[]): Promise<Known> {
  const commands = updates.flatMap(({ verdict }) => (verdict.type === 'command' ? [verdict.command] : []));
  const { rows } = await session.query<KnownRow>(READ_KNOWN, [
    updates.map(({ idempotencyKey }) => idempotencyKey),
    [...new Set(commands.map(({ conversation }) => conversation))],
    commands.map(({ botId }) => botId),
    commands.map(({ chatId }) => chatId),
    commands.map(({ messageId }) => messageId),
  ]);
  const { settled = [], tickets = [], messages = [] } = rows[0] ?? {};
  return {
    settledKeys: new Set(settled),
    openTickets: new Map(tickets.map((row) => [row.conversation, toOpenTicket(row)])),
    recordedMessages: new Map(
      messages.map(([botId, chatId, messageId, ticketId]) => [messageKey({ botId, chatId, messageId }), ticketId]),
    ),
  };
}

function toOpenTicket(row: TicketRow): OpenTicket {
  return {
    status: 'open',
    ticketId: row.ticket_id,
    botId: row.bot_id,
    chatId: row.chat_id,
    conversation: row.conversation,
    customerId: row.customer_id,
    version: row.version,
    messageCount: row.message_count,
    openedAt: new Date(row.opened_at).toISOString(),
    updatedAt: new Date(row.updated_at).toISOString(),
  };
}
