import type { Attachment, Sender } from '@onceline/contracts';
import type { EventOf, TicketEvent } from './events.js';

/** What of an event people wrote and are called. */
export interface PersonalContent {
  readonly text?: string | null;
  readonly attachments?: readonly Attachment[];
  readonly name?: string | null;
  readonly username?: string | null;
}

type Personal = EventOf<'message-appended' | 'message-edited' | 'staff-replied' | 'note-added'>;

/** Undefined where there is nothing. */
export function personalContent(event: TicketEvent): PersonalContent | undefined {
  if (!isPersonal(event)) return undefined;
  const content = contentOf(event);
  const isEmpty = Object.values(content).every((value) => value === null || value.length === 0);
  return isEmpty ? undefined : content;
}

function isPersonal(event: TicketEvent): event is Personal {
  switch (event.type) {
    case 'message-appended':
    case 'message-edited':
    case 'staff-replied':
    case 'note-added':
      return true;
    default:
      return false;
  }
}

function contentOf(event: Personal) {
  switch (event.type) {
    case 'message-appended':
    case 'staff-replied': {
      const { text, attachments, sender } = event.data;
      return { text, attachments, ...namesOf(sender) };
    }
    case 'message-edited': {
      const { text, attachments } = event.data;
      return { text, attachments };
    }
    case 'note-added': {
      const { text, staff } = event.data;
      return { text, ...namesOf(staff) };
    }
    default:
      return event satisfies never;
  }
}

function namesOf(sender: Sender | null) {
  return { name: sender?.name ?? null, username: sender?.username ?? null };
}

const NOTHING = { text: null, attachments: [], name: null, username: null };

/** The event with its places for it empty. */
export function withoutContent(event: TicketEvent): TicketEvent {
  return withContent(event, NOTHING);
}

/** The event with this in its places. */
export function withContent(event: TicketEvent, content: PersonalContent): TicketEvent {
  if (!isPersonal(event)) return event;
  const { text = null, name = null, username = null } = content;
  const attachments = [...(content.attachments ?? [])];
  const called = <Known extends Sender | null>(sender: Known) => sender && { ...sender, name, username };
  switch (event.type) {
    case 'message-appended':
      return { ...event, data: { ...event.data, sender: called(event.data.sender), text, attachments } };
    case 'staff-replied':
      return { ...event, data: { ...event.data, sender: { ...event.data.sender, name, username }, text, attachments } };
    case 'message-edited':
      return { ...event, data: { ...event.data, text, attachments } };
    case 'note-added':
      return { ...event, data: { ...event.data, staff: called(event.data.staff), text: text ?? '' } };
    default:
      return event satisfies never;
  }
}
