import type { Attachment, Sender } from '@onceline/contracts';
import type { Session } from '../store/session.js';
import type { EventOf } from '../ticket/events.js';
import { readEventsOfType } from './read-events-of-type.js';
import type { TicketMessage } from './schemas.js';

const MESSAGES = {
  name: 'messages-of-ticket',
  text: `select message_id, version, author, sender, sent_at, text, attachments, media_group_id, edited_at, edit_count, deleted_at from
           (select * from ticketing.ticket_messages where ticket_id = $1 order by version desc limit 1000) as latest
         order by version`,
};

interface MessageRow {
  message_id: string;
  version: number;
  author: 'customer' | 'staff';
  sender: Sender | null;
  sent_at: Date;
  text: string | null;
  attachments: Attachment[] | null;
  media_group_id: string | null;
  edited_at: Date | null;
  edit_count: number;
  deleted_at: Date | null;
}

/** The last messages of a ticket as they read now, with their edits; the parts of an album as one. */
export async function readMessages(session: Session, ticketId: string): Promise<TicketMessage[]> {
  const { rows } = await session.query<MessageRow>(MESSAGES, [ticketId]);
  const isEdited = rows.some(({ edit_count: count }) => count > 0);
  const edits = isEdited ? await readEventsOfType(session, ticketId, 'message-edited') : [];
  const shown = edits.map(toEdit);
  return joinAlbums(rows.map((row) => toMessage(row, shown)));
}

type Edit = TicketMessage['edits'][number];

function toEdit({ version, data }: EventOf<'message-edited'>): Edit {
  const { messageId, editedAt, text, attachments } = data;
  return { version, messageId, editedAt, text, attachments };
}

function toMessage(row: MessageRow, edits: readonly Edit[]): TicketMessage {
  const messageId = Number(row.message_id);
  return {
    messageId,
    version: row.version,
    author: row.author,
    sender: row.sender,
    sentAt: row.sent_at.toISOString(),
    text: row.text,
    attachments: row.attachments ?? [],
    mediaGroupId: row.media_group_id,
    albumMessageIds: [],
    editedAt: row.edited_at?.toISOString() ?? null,
    deletedAt: row.deleted_at?.toISOString() ?? null,
    edits: edits.filter((edit) => edit.messageId === messageId),
  };
}

/** An album stands where its first part arrived, and reads the same in whatever order the parts did. */
export function joinAlbums(messages: readonly TicketMessage[]): TicketMessage[] {
  const albums = new Map<string, TicketMessage[]>();
  for (const message of messages) {
    if (message.mediaGroupId !== null) {
      albums.set(message.mediaGroupId, [...(albums.get(message.mediaGroupId) ?? []), message]);
    }
  }
  return messages.flatMap((message) => {
    const parts = message.mediaGroupId === null ? [message] : (albums.get(message.mediaGroupId) ?? []);
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
    albumMessageIds: inOrder.map(({ messageId }) => messageId),
    editedAt: editTimes.at(-1) ?? null,
    deletedAt: deletions.length < parts.length ? null : (deletions.at(-1) ?? null),
    edits: inOrder.flatMap(({ edits }) => edits).sort((a, b) => a.version - b.version),
  };
}
