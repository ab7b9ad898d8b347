import type { AgentCommand, ChangeTicket, TicketChanges } from './commands.js';
import { fieldChanges, fieldsFault, NO_FIELDS, type FieldDefinitions } from './custom-fields.js';
import type { TicketEvent } from './events.js';
import { History } from './history.js';
import type { Ticket } from './state.js';

/** Why an agent's wish cannot be. */
export interface Refusal {
  /** The part of the wish that is wrong. */
  readonly field: keyof TicketChanges | `fields.${string}`;
  readonly detail: string;
  readonly fix: string;
}

export type Decision = { readonly events: readonly TicketEvent[] } | { readonly refusal: Refusal };

/** The rules for agents. What is as it is wanted to be makes no event, so that a wish may be repeated. */
export function decideForAgent(
  command: AgentCommand,
  ticket: Ticket,
  definitions: FieldDefinitions = NO_FIELDS,
): Decision {
  switch (command.type) {
    case 'change-ticket':
      return change(command, ticket, definitions);
    case 'add-note': {
      const { by, text } = command;
      return {
        events: new History(command, ticket.ticketId, ticket).add('note-added', { text, by, staff: null }).events,
      };
    }
    default:
      return command satisfies never;
  }
}

function change(command: ChangeTicket, ticket: Ticket, definitions: FieldDefinitions): Decision {
  const refusal =
    mergedRefusal(command, ticket) ?? snoozeRefusal(command) ?? fieldsRefusal(command, ticket, definitions);
  if (refusal) return { refusal };
  const history = new History(command, ticket.ticketId, ticket);
  changeStatus(command, history);
  changePriority(command, history);
  changeAssignment(command, history);
  changeTags(command, history);
  changeWatchers(command, history);
  changeFields(command, history);
  return { events: history.events };
}

/** It goes on in another ticket, for which its customer's messages are. */
function mergedRefusal({ changes: { status } }: ChangeTicket, ticket: Ticket): Refusal | undefined {
  const { mergedInto } = ticket;
  if (mergedInto === null || status === undefined || status === ticket.status) return undefined;
  return { field: 'status', detail: `It was merged into ${mergedInto}.`, fix: `Change that one: ${mergedInto}.` };
}

function snoozeRefusal({ changes, occurredAt }: ChangeTicket): Refusal | undefined {
  const { status, snoozedUntil } = changes;
  if (status !== 'snoozed') {
    if (snoozedUntil === undefined) return undefined;
    return {
      field: 'snoozedUntil',
      detail: 'Only a snoozed ticket wakes at a time.',
      fix: 'Leave it out, or set the status to "snoozed".',
    };
  }
  const fix = 'Give a time that is still to come, e.g. tomorrow at nine.';
  if (snoozedUntil === undefined) return { field: 'snoozedUntil', detail: 'A snoozed ticket has to wake.', fix };
  const aheadMs = Date.parse(snoozedUntil) - Date.parse(occurredAt);
  if (aheadMs <= 0) return { field: 'snoozedUntil', detail: 'This time is over.', fix };
  return aheadMs <= LONGEST_SNOOZE_MS ? undefined : { field: 'snoozedUntil', detail: 'This is too far ahead.', fix };
}

function fieldsRefusal(
  { changes: { fields = {} } }: ChangeTicket,
  ticket: Ticket,
  definitions: FieldDefinitions,
): Refusal | undefined {
  const fault = fieldsFault(ticket.fields, fields, definitions);
  return fault && { field: `fields.${fault.name}`, detail: fault.detail, fix: fault.fix };
}

/** Ten years. */
const LONGEST_SNOOZE_MS = 315_576_000_000;

function changeStatus({ changes, by }: ChangeTicket, history: History): void {
  const { status: to, snoozedUntil = null } = changes;
  const { status: from, snoozedUntil: before } = history.ticket;
  if (to === undefined || (to === from && snoozedUntil === before)) return;
  history.add('ticket-status-changed', { from, to, reason: 'agent', snoozedUntil, by });
}

function changePriority({ changes, by }: ChangeTicket, history: History): void {
  const { priority: from } = history.ticket;
  const { priority: to = from } = changes;
  if (to !== from) history.add('ticket-priority-changed', { from, to, by });
}

/** Somebody has it now, so it is new no longer. */
function changeAssignment({ changes, by }: ChangeTicket, history: History): void {
  const before = history.ticket;
  const { assignee = before.assignee, team = before.team } = changes;
  if (assignee === before.assignee && team === before.team) return;
  history.add('ticket-assigned', { assignee, team, by });
  if (before.status !== 'new' || assignee === null) return;
  history.add('ticket-status-changed', { from: 'new', to: 'open', reason: 'assignment', snoozedUntil: null, by });
}

function changeTags({ changes, by }: ChangeTicket, history: History): void {
  const { added, removed } = difference(history.ticket.tags, changes.tags);
  if (added.length + removed.length > 0) history.add('ticket-tags-changed', { added, removed, by });
}

function changeWatchers({ changes, by }: ChangeTicket, history: History): void {
  const { added, removed } = difference(history.ticket.watchers, changes.watchers);
  if (added.length + removed.length > 0) history.add('ticket-watchers-changed', { added, removed, by });
}

function changeFields({ changes, by }: ChangeTicket, history: History): void {
  const changed = fieldChanges(history.ticket.fields, changes.fields ?? {});
  if (changed.length > 0)
    history.add('ticket-fields-changed', { changed: changed.map((change) => ({ ...change })), by });
}

function difference(before: readonly string[], after: readonly string[] = before) {
  const [had, wanted] = [new Set(before), new Set(after)];
  return {
    added: [...wanted].filter((name) => !had.has(name)).sort(),
    removed: [...had].filter((name) => !wanted.has(name)).sort(),
  };
}
