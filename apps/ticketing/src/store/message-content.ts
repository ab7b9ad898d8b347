import type { Attachment, Sender } from '@onceline/contracts';
import type { OpenedEvent, Vault } from '../privacy/vault.js';
import type { TicketEvent } from '../ticket/events.js';
import type { Session } from './session.js';

/** Columns of {@link MessagePayloads} beside a message `m`: looked up one by one, since a join could be planned as a walk through all events. */
export const MESSAGE_PAYLOADS = `(select payload from ticketing.events e where e.ticket_id = m.ticket_id and e.version = m.version) as written,
  case when m.content_version > m.version then (select payload from ticketing.events e
    where e.ticket_id = m.ticket_id and e.version = m.content_version) end as edited`;

/** The events that say what a message reads like, as they are stored. */
export interface MessagePayloads {
  readonly written: unknown;
  /** Null for one that reads as it was written. */
  readonly edited: unknown;
}

/** What a message reads like. */
export interface MessageContent {
  readonly sender: Sender | null;
  readonly text: string | null;
  readonly attachments: readonly Attachment[];
  /** It said something that cannot be read any more. */
  readonly isErased: boolean;
}

/** In the order of the rows. */
export async function openMessages(
  session: Session,
  vault: Vault,
  rows: readonly MessagePayloads[],
): Promise<readonly MessageContent[]> {
  const written = await vault.open(
    session,
    rows.map((row) => row.written),
  );
  const edits = rows.filter(({ edited }) => edited !== null);
  const edited = await vault.open(
    session,
    edits.map((row) => row.edited),
  );
  const editOf = new Map(edits.map((row, index) => [row, edited[index]]));
  return rows.map((row, index) => contentOf(written[index], editOf.get(row)));
}

function contentOf(written: OpenedEvent | undefined, edited: OpenedEvent | undefined): MessageContent {
  const shown = edited ?? written;
  if (!written || !shown) throw new Error('a message must have its event');
  const { text, attachments } = wordsOf(shown.event);
  return { sender: senderOf(written.event), text, attachments, isErased: shown.isErased };
}

function wordsOf({ type, data }: TicketEvent): Pick<MessageContent, 'text' | 'attachments'> {
  if (type === 'message-appended' || type === 'staff-replied' || type === 'message-edited') return data;
  throw new Error(`a ${type} says nothing of a message`);
}

function senderOf({ type, data }: TicketEvent): Sender | null {
  return type === 'message-appended' || type === 'staff-replied' ? data.sender : null;
}
