import type { IgnoredReason } from '../intake/ignored-reasons.js';
import type { RecordCustomerMessage, RecordMissingUpdate } from '../ticket/commands.js';
import { decide } from '../ticket/decide.js';
import type { TicketEvent } from '../ticket/events.js';
import { evolve } from '../ticket/evolve.js';
import { NO_TICKET, type OpenTicket, type TicketState } from '../ticket/state.js';
import { messageKey, type Known } from './known.js';
import type { TracedUpdate } from './traced-update.js';
import type { UnmarkedGap } from './unmarked-gaps.js';

export interface PlannedEvent {
  readonly event: TicketEvent;
  readonly update: TracedUpdate;
}

/** What a message came to. */
export interface Recorded {
  readonly outcome: 'ticket-opened' | 'message-appended' | 'ignored';
  readonly reason: IgnoredReason | null;
  readonly ticketId: string;
}

/** The tickets that a batch touches, each decision on the state that the one before left. */
export class TicketStates {
  private readonly states = new Map<string, TicketState>();
  private readonly messages = new Map<string, string>();
  /** The last message that each conversation got in this batch. */
  private readonly recorded = new Map<string, TracedUpdate>();
  readonly events: PlannedEvent[] = [];

  constructor(private readonly known: Pick<Known, 'openTickets' | 'recordedMessages'>) {}

  /** State after the batch of every ticket that changed. */
  changed(): readonly OpenTicket[] {
    return [...this.states.values()].filter((state) => state.status === 'open');
  }

  record(update: TracedUpdate, command: RecordCustomerMessage): Recorded {
    const message = messageKey(command);
    const recordedIn = this.messages.get(message) ?? this.known.recordedMessages.get(message);
    if (recordedIn !== undefined) {
      return { outcome: 'ignored', reason: 'message-already-recorded', ticketId: recordedIn };
    }
    const before = this.stateOf(command.conversation);
    const events = decide(command, before);
    const after = events.reduce(evolve, before);
    const first = events[0];
    if (!first || first.type === 'update-missing' || after.status !== 'open') {
      throw new Error('a customer message must end in an open ticket');
    }
    this.states.set(command.conversation, after);
    this.messages.set(message, after.ticketId);
    for (const event of events) this.events.push({ event, update });
    this.recorded.set(command.conversation, update);
    return { outcome: first.type, reason: null, ticketId: after.ticketId };
  }

  /** Marks the gap in the conversation's open ticket and answers its id; null when none is open. */
  markMissing(update: TracedUpdate, conversation: string, command: RecordMissingUpdate): string | null {
    const before = this.stateOf(conversation);
    const events = decide(command, before);
    const after = events.reduce(evolve, before);
    if (after.status !== 'open' || events.length === 0) return null;
    this.states.set(conversation, after);
    for (const event of events) this.events.push({ event, update });
    return after.ticketId;
  }

  /**
   * Marks what was given up before the ticket, under the message that this batch has recorded there, or else under the missing update itself
   * when the batch has it; false when it has neither, or no ticket is open.
   */
  showGap({ conversation, missing }: UnmarkedGap, itself: TracedUpdate | undefined): boolean {
    const update = this.recorded.get(conversation) ?? itself;
    return update !== undefined && this.markMissing(update, conversation, missing) !== null;
  }

  private stateOf(conversation: string): TicketState {
    return this.states.get(conversation) ?? this.known.openTickets.get(conversation) ?? NO_TICKET;
  }
}
