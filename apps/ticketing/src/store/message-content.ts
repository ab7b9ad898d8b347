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
  /** Ids of the keys that it was opened with. */
  readonly keys: readonly string[];
}

/** A row of a message with what it reads like. */
export interface OpenedMessage<Row> {
  readonly row: Row;
  readonly content: MessageContent;
}

/** In the order of the rows. */
export async function openMessages<Row extends MessagePayloads>(
  session: Session,
  vault: Vault,
  rows: readonly Row[],
): Promise<readonly OpenedMessage<Row>[]> {
  const payloads = rows.flatMap(({ written, edited }) => [written, edited]).filter((payload) => payload !== null);
  const opened = (await vault.open(session, payloads))[Symbol.iterator]();
  return rows.map((row) => {
    const written = row.written === null ? null : next(opened);
    const edited = row.edited === null ? null : next(opened);
    return { row, content: contentOf(written, edited) };
  });
}

function next(opened: Iterator<OpenedEvent, undefined>): OpenedEvent {
  const { value, done } = opened.next();
  if (done === true) throw new Error('each payload must come back opened');
  return value;
}

/** Without its event, which the audit names as a contradiction, it says nothing, and stops nobody. */
function contentOf(written: OpenedEvent | null, edited: OpenedEvent | null): MessageContent {
  const shown = edited ?? written;
  const { text, attachments } = shown ? wordsOf(shown.event) : { text: null, attachments: [] };
  const keys = [...new Set([written, edited].flatMap((event) => event?.key ?? []))];
  const sender = written && senderOf(written.event);
  return { sender, text, attachments, isErased: shown?.isErased ?? false, keys };
}

function wordsOf({ type, data }: TicketEvent): Pick<MessageContent, 'text' | 'attachments'> {
  if (type === 'message-appended' || type === 'staff-replied' || type === 'message-edited') return data;
  throw new Error(`a ${type} says nothing of a message`);
}

function senderOf({ type, data }: TicketEvent): Sender | null {
  return type === 'message-appended' || type === 'staff-replied' ? data.sender : null;
}
