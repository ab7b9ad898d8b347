import type { IgnoredReason } from '../intake/ignored-reasons.js';
import { personOf, type Person } from '../ticket/person.js';
import type {
  IntakeCommand,
  RecordChatMigration,
  RecordCustomerMessage,
  RecordHappening,
  RecordMessageDeletions,
  RecordMissingUpdate,
  RecordStaffMessage,
} from '../ticket/commands.js';
import { decide, type DecidedCommand } from '../ticket/decide.js';
import type { TicketEvent } from '../ticket/events.js';
import { follow } from '../ticket/evolve.js';
import { concerns } from '../ticket/happening.js';
import { matchTicket } from '../ticket/match-ticket.js';
import { comesBack, readsLike, type RecordedMessage } from '../ticket/message.js';
import { inMigratedChat, migratedConversation, type MigratedChat } from '../ticket/migrated-chat.js';
import { isActive, NO_TICKET, type Ticket, type TicketState } from '../ticket/state.js';
import type { Known } from './known.js';
import { messageKey, MessageStates, type MessageChanges } from './message-states.js';
import { MigratedChats } from './migrated-chats.js';
import { sortedBy } from './rows.js';
import type { TraceContext, TracedUpdate } from './traced-update.js';
import type { UnmarkedGap } from './unmarked-gaps.js';

export interface PlannedEvent {
  readonly event: TicketEvent;
  /** Of what caused it. */
  readonly trace: TraceContext;
  /** Whose is what is personal in it. */
  readonly person: Person;
}

/** What an update came to. */
export interface Recorded {
  readonly outcome:
    'ticket-opened' | 'message-appended' | 'message-edited' | 'staff-replied' | 'event-recorded' | 'ignored';
  readonly reason: IgnoredReason | null;
  readonly ticketId: string | null;
}

/** The tickets that a batch touches, each decision on the state that the one before left. */
export class TicketStates {
  private readonly tickets: Map<string, Ticket>;
  private readonly currentOf: Map<string, string>;
  private readonly messages: MessageStates;
  private readonly migrated: MigratedChats;
  private readonly changedIds = new Set<string>();
  /** The last message that each conversation got in this batch. */
  private readonly recorded = new Map<string, TracedUpdate>();
  readonly events: PlannedEvent[] = [];

  constructor(known: Pick<Known, 'tickets' | 'messages' | 'migratedChats'>) {
    this.migrated = new MigratedChats(known.migratedChats);
    this.tickets = new Map(known.tickets.map((ticket) => [ticket.ticketId, ticket]));
    this.currentOf = new Map(inOrder(known.tickets).map(({ conversation, ticketId }) => [conversation, ticketId]));
    this.messages = new MessageStates(known.messages);
  }

  /** State after the batch of every ticket that changed. */
  changed(): readonly Ticket[] {
    return [...this.changedIds].flatMap((id) => this.tickets.get(id) ?? []);
  }

  /** Those that the batch brings. */
  get migratedChats(): readonly MigratedChat[] {
    return this.migrated.added;
  }

  changedMessages(): MessageChanges {
    return this.messages.changes();
  }

  record(update: TracedUpdate, told: IntakeCommand): Recorded {
    const command = inMigratedChat(told, this.migrated.find(told));
    switch (command.type) {
      case 'record-customer-message':
      case 'record-staff-message':
        return this.recordMessage(update, command);
      case 'record-message-deletions':
        return recordedEvents(this.recordDeletions(update, command), 'not-a-message');
      case 'record-happening':
        return recordedEvents(this.recordHappening(update, command), ignoredHappening(command));
      case 'record-chat-migration':
        return recordedEvents(this.recordMigration(update, command), 'service-message');
      default:
        return command satisfies never;
    }
  }

  /** An edit of a message that is not recorded brings the message itself, as it reads now. */
  private recordMessage(update: TracedUpdate, command: RecordCustomerMessage | RecordStaffMessage): Recorded {
    const message = this.messages.find(messageKey(command));
    if (message) return this.recordAgain(update, command, message);
    return command.type === 'record-staff-message'
      ? this.recordStaff(update, command)
      : this.recordCustomer(update, command);
  }

  private recordStaff(update: TracedUpdate, command: RecordStaffMessage): Recorded {
    const { botId, chatId, answers, isNote, editedAt } = command;
    if (isNote && editedAt !== null) return { outcome: 'ignored', reason: 'note-edit', ticketId: null };
    const answered =
      answers === null ? undefined : this.messages.find(messageKey({ botId, chatId, messageId: answers }));
    const answeredIn = this.tickets.get(answered?.ticketId ?? '');
    const match = matchTicket(command, answeredIn && this.targetOf(answeredIn), this.activeFor(command));
    if (!match) return { outcome: 'ignored', reason: 'no-ticket-to-answer', ticketId: null };
    this.run(update, { ...command, matchedBy: match.matchedBy }, match.ticket);
    return { outcome: 'staff-replied', reason: null, ticketId: match.ticket.ticketId };
  }

  /** Of the conversation that it can only be meant for, or of the whole place. */
  private activeFor(command: RecordStaffMessage): readonly Ticket[] {
    const { botId, topicId, conversation } = command;
    const chatId = command.migratedTo ?? command.chatId;
    if (conversation !== null) {
      const current = this.stateOf(conversation);
      return current.status !== 'none' && isActive(current) ? [current] : [];
    }
    const active = [...this.tickets.values()].filter(isActive);
    return active.filter((ticket) => ticket.botId === botId && ticket.chatId === chatId && ticket.topicId === topicId);
  }

  private recordCustomer(update: TracedUpdate, command: RecordCustomerMessage): Recorded {
    const { conversation } = command;
    const events = this.run(update, command, this.stateOf(conversation));
    const appended = events.find(({ type }) => type === 'message-appended');
    if (!appended) return { outcome: 'ignored', reason: 'bot-command', ticketId: null };
    this.recorded.set(conversation, update);
    const isOpened = events.some(({ type }) => type === 'ticket-opened');
    const outcome = isOpened ? 'ticket-opened' : 'message-appended';
    return { outcome, reason: null, ticketId: appended.ticketId };
  }

  private recordAgain(
    update: TracedUpdate,
    command: RecordCustomerMessage | RecordStaffMessage,
    message: RecordedMessage,
  ): Recorded {
    const { ticketId } = message;
    const { editedAt, text, attachments } = command;
    if (editedAt === null) return { outcome: 'ignored', reason: 'message-already-recorded', ticketId };
    if (readsLike(message, command) || comesBack(message, editedAt))
      return { outcome: 'ignored', reason: 'edit-changes-nothing', ticketId };
    const { idempotencyKey, botId, chatId, messageId, occurredAt } = command;
    const ids = { idempotencyKey, botId, chatId, messageId };
    const edit = { type: 'record-message-edit', ...ids, text, attachments, editedAt, occurredAt } as const;
    const events = this.run(update, edit, this.tickets.get(ticketId) ?? NO_TICKET);
    if (events.length === 0) throw new Error('a recorded message must be in a ticket');
    return { outcome: 'message-edited', reason: null, ticketId };
  }

  /** Whatever became of their tickets since: who reads one must see it. */
  private recordDeletions(update: TracedUpdate, command: RecordMessageDeletions): readonly TicketEvent[] {
    const { idempotencyKey, botId, chatId, messageIds, occurredAt } = command;
    return messageIds.flatMap((messageId) => {
      const message = this.messages.find(messageKey({ botId, chatId, messageId }));
      if (!message || message.deletedAt !== null) return [];
      const ids = { idempotencyKey, botId, chatId, messageId };
      const deletion = { type: 'record-message-deletion', ...ids, occurredAt } as const;
      return this.run(update, deletion, this.tickets.get(message.ticketId) ?? NO_TICKET);
    });
  }

  /** In every ticket that it concerns, the same order whoever decides. */
  private recordHappening(update: TracedUpdate, command: RecordHappening): readonly TicketEvent[] {
    const concerned = [...this.tickets.values()].filter((ticket) => concerns(command, ticket));
    const inOrder = sortedBy(concerned, ({ ticketId }) => ticketId);
    return inOrder.flatMap((ticket) => this.run(update, command, ticket));
  }

  /**
   * The tickets of the old chat go on in the new one. Where another one of the conversation is active there already, since we heard of it late, the
   * ticket keeps its conversation: of one conversation only one is active.
   */
  private recordMigration(update: TracedUpdate, command: RecordChatMigration): readonly TicketEvent[] {
    const { botId, fromChatId, chatId } = command;
    const migrated = { botId, chatId: fromChatId, migratedTo: chatId };
    this.migrated.add(migrated);
    const left = [...this.tickets.values()].filter((ticket) => ticket.botId === botId && ticket.chatId === fromChatId);
    // The one that a conversation goes on with comes first, so that it goes on with it there.
    return inOrder(left)
      .toReversed()
      .flatMap((ticket) => {
        const there = migratedConversation(migrated, ticket.conversation);
        const isTaken = isActive(ticket) && isActiveState(this.stateOf(there));
        const conversation = isTaken ? ticket.conversation : there;
        return this.run(update, { ...command, type: 'move-ticket', conversation }, ticket);
      });
  }

  /** Marks the gap in the conversation's open ticket and answers its id; null when none is open. */
  markMissing(update: TracedUpdate, conversation: string, command: RecordMissingUpdate): string | null {
    return this.run(update, command, this.stateOf(conversation))[0]?.ticketId ?? null;
  }

  /**
   * Marks what was given up before the ticket, under the message that this batch has recorded there, or else under the missing update itself
   * when the batch has it; false when it has neither, or no ticket is open.
   */
  showGap({ conversation, missing }: UnmarkedGap, itself: TracedUpdate | undefined): boolean {
    const update = this.recorded.get(conversation) ?? itself;
    return update !== undefined && this.markMissing(update, conversation, missing) !== null;
  }

  private run(update: TracedUpdate, command: DecidedCommand, before: TicketState): readonly TicketEvent[] {
    const events = decide(command, before);
    const after = events.reduce(follow, before);
    if (after.status === 'none' || events.length === 0) return [];
    this.tickets.set(after.ticketId, after);
    this.changedIds.add(after.ticketId);
    // What is added to a ticket that has ended, as an edit is, does not make the conversation go on there.
    const current = this.lastOf(after.conversation);
    if (isActive(after) || current.status === 'none') this.currentOf.set(after.conversation, after.ticketId);
    for (const event of events) {
      this.messages.apply(event);
      this.events.push({ event, trace: update, person: personOf(event, after, this.messageOf(event)) });
    }
    return events;
  }

  private messageOf(event: TicketEvent): RecordedMessage | undefined {
    return event.type === 'message-edited' ? this.messages.find(messageKey(event.data)) : undefined;
  }

  /** The ticket that the conversation goes on with, or after. */
  private stateOf(conversation: string): TicketState {
    const last = this.lastOf(conversation);
    return last.status === 'none' ? last : this.goesOnIn(last);
  }

  /**
   * A merged ticket goes on in its target: while that is active, and also after it has ended, as long as nothing has begun after it. What comes
   * then is answered from the conversation's own last ticket, as one that reopens beside another one would be active twice.
   */
  private goesOnIn(last: Ticket): Ticket {
    const target = this.targetOf(last);
    const isLast = target.conversation === last.conversation || this.lastOf(target.conversation) === target;
    return isActive(target) || isLast ? target : last;
  }

  private targetOf(ticket: Ticket): Ticket {
    return this.tickets.get(ticket.mergedInto ?? '') ?? ticket;
  }

  private lastOf(conversation: string): TicketState {
    return this.tickets.get(this.currentOf.get(conversation) ?? '') ?? NO_TICKET;
  }
}

function isActiveState(state: TicketState): boolean {
  return state.status !== 'none' && isActive(state);
}

function ignoredHappening({ happening: { type } }: RecordHappening): IgnoredReason {
  return type === 'bot-blocked' || type === 'bot-unblocked' ? 'not-a-message' : 'service-message';
}

/** An update that concerns no ticket is ignored. Of several tickets the first one is named. */
function recordedEvents([event]: readonly TicketEvent[], reason: IgnoredReason): Recorded {
  if (!event) return { outcome: 'ignored', reason, ticketId: null };
  return { outcome: 'event-recorded', reason: null, ticketId: event.ticketId };
}

/** The one that a conversation goes on with comes last: its active ticket, else the one that was opened or resolved last. */
function inOrder(tickets: readonly Ticket[]): readonly Ticket[] {
  return [...tickets].sort((a, b) => Number(isActive(a)) - Number(isActive(b)) || lastTurn(a) - lastTurn(b));
}

function lastTurn({ openedAt, resolvedAt }: Ticket): number {
  return Math.max(Date.parse(openedAt), resolvedAt === null ? 0 : Date.parse(resolvedAt));
}
