import type { OpenedEvent, Vault } from '../privacy/vault.js';
import { MESSAGE_PAYLOADS, openMessages, type MessagePayloads, type OpenedMessage } from '../store/message-content.js';
import type { Session } from '../store/session.js';
import type { EventOf } from '../ticket/events.js';
import { readEventsOfType } from './read-events-of-type.js';
import type { TicketMessage } from './schemas.js';

const COLUMNS = `ticket_id, chat_id, message_id, version, author, sent_at, media_group_id, edited_at, edit_count, deleted_at,
  ${MESSAGE_PAYLOADS}`;

const MESSAGES = {
  name: 'messages-of-ticket',
  text: `select ${COLUMNS} from
           (select * from ticketing.ticket_messages where ticket_id = $1 order by version desc limit 1000) as m
         order by version`,
};

/** Versions of different tickets say nothing of each other. */
const MERGED_MESSAGES = {
  name: 'messages-of-merged-tickets',
  text: `select ${COLUMNS} from
           (select * from ticketing.ticket_messages where ticket_id = any($1::text[])
              order by sent_at desc, ticket_id desc, version desc limit 1000) as m
         order by sent_at, ticket_id, version`,
};

interface MessageRow extends MessagePayloads {
  ticket_id: string;
  chat_id: string;
  message_id: string;
  version: number;
  author: 'customer' | 'staff';
  sent_at: Date;
  media_group_id: string | null;
  edited_at: Date | null;
  edit_count: number;
  deleted_at: Date | null;
}

/** The last messages of a ticket, and of those that were merged into it, as they read now, with their edits; the parts of an album as one. */
export async function readMessages(
  session: Session,
  vault: Vault,
  ticketIds: readonly string[],
): Promise<TicketMessage[]> {
  const [ticketId, ...merged] = ticketIds;
  const { rows } =
    merged.length === 0
      ? await session.query<MessageRow>(MESSAGES, [ticketId])
      : await session.query<MessageRow>(MERGED_MESSAGES, [ticketIds]);
  const edited = new Set(rows.filter(({ edit_count: count }) => count > 0).map((row) => row.ticket_id));
  const edits: OpenedEdit[] = [];
  for (const ticket of edited) {
    edits.push(...(await readEventsOfType(session, vault, { ticketId: ticket, type: 'message-edited' })));
  }
  const opened = await openMessages(session, vault, rows);
  return joinAlbums(opened.map((message) => toMessage(message, edits)));
}

type Edit = TicketMessage['edits'][number];
type OpenedEdit = OpenedEvent<EventOf<'message-edited'>>;

function toEdit({ event: { version, data }, isErased }: OpenedEdit): Edit {
  const { messageId, editedAt, text, attachments } = data;
  return { version, messageId, editedAt, text, attachments, isErased };
}

function toMessage({ row, content }: OpenedMessage<MessageRow>, edits: readonly OpenedEdit[]): TicketMessage {
  const messageId = Number(row.message_id);
  const { ticket_id: ticketId, chat_id: chatId } = row;
  const own = edits.filter(({ event: { data } }) => data.messageId === messageId && data.chatId === chatId);
  return {
    ...{ ticketId, chatId, messageId },
    version: row.version,
    author: row.author,
    sender: content.sender,
    sentAt: row.sent_at.toISOString(),
    text: content.text,
    attachments: [...content.attachments],
    isErased: content.isErased,
    mediaGroupId: row.media_group_id,
    albumMessageIds: [],
    editedAt: row.edited_at?.toISOString() ?? null,
    deletedAt: row.deleted_at?.toISOString() ?? null,
    edits: own.map(toEdit),
  };
}

/** An album stands where its first part arrived, and reads the same in whatever order the parts did. */
export function joinAlbums(messages: readonly TicketMessage[]): TicketMessage[] {
  const albums = new Map<string, TicketMessage[]>();
  const albumOf = ({ chatId, mediaGroupId }: TicketMessage) => `${chatId} ${mediaGroupId}`;
  for (const message of messages) {
    if (message.mediaGroupId !== null) {
      albums.set(albumOf(message), [...(albums.get(albumOf(message)) ?? []), message]);
    }
  }
  return messages.flatMap((message) => {
    const parts = message.mediaGroupId === null ? [message] : (albums.get(albumOf(message)) ?? []);
    if (parts[0] !== message) return [];
    return message.mediaGroupId === null ? [message] : [asOne(parts)];
  });
}

function asOne(parts: readonly TicketMessage[]): TicketMessage {
  const inOrder = [...parts].sort((a, b) => a.messageId - b.messageId);
  const [first] = inOrder;
  if (!first) throw new Error('an album has at least one part');
  const texts = inOrder.flatMap(({ text }) => text ?? []);
  const editTimes = inOrder.flatMap(({ editedAt }) => editedAt ?? []).sort();
  const deletions = inOrder.flatMap(({ deletedAt }) => deletedAt ?? []).sort();
  return {
    ...first,
    version: Math.min(...parts.map(({ version }) => version)),
    text: texts.length === 0 ? null : texts.join('\n'),
    attachments: inOrder.flatMap(({ attachments }) => attachments),
    isErased: inOrder.some(({ isErased }) => isErased),
    albumMessageIds: inOrder.map(({ messageId }) => messageId),
    editedAt: editTimes.at(-1) ?? null,
    deletedAt: deletions.length < parts.length ? null : (deletions.at(-1) ?? null),
    edits: inOrder.flatMap(({ edits }) => edits).sort((a, b) => a.version - b.version),
  };
}
