import type { Outcome } from '@onceline/contracts';
import type { IgnoredReason } from '../intake/ignored-reasons.js';
import type { PermanentFailure } from '../intake/to-command.js';
import type { TicketCommand } from '../ticket/commands.js';
import { decide } from '../ticket/decide.js';
import type { TicketEvent } from '../ticket/events.js';
import { evolve } from '../ticket/evolve.js';
import { NO_TICKET, type OpenTicket, type TicketState } from '../ticket/state.js';
import type { TracedUpdate } from './traced-update.js';

/** What the database knew about the batch before it was decided. */
export interface Known {
  readonly settledKeys: ReadonlySet<string>;
  /** By conversation. */
  readonly openTickets: ReadonlyMap<string, OpenTicket>;
  /** Ticket of each message that is recorded already, by {@link messageKey}. */
  readonly recordedMessages: ReadonlyMap<string, string>;
}

/** What becomes of one update. */
export interface Settlement {
  readonly update: TracedUpdate;
  readonly outcome: Outcome;
  readonly reason: string | null;
  readonly ticketId: string | null;
  readonly failure?: PermanentFailure;
}

export interface PlannedEvent {
  readonly event: TicketEvent;
  readonly update: TracedUpdate;
}

/** All that one transaction writes. */
export interface BatchPlan {
  readonly settlements: readonly Settlement[];
  readonly events: readonly PlannedEvent[];
  /** State after the batch of every ticket that changed. */
  readonly tickets: readonly OpenTicket[];
}

/** Meaning of a message: whatever update brings it, it is the same one. */
export function messageKey(message: { botId: string; chatId: string; messageId: number | string }): string {
  return `${message.botId}:${message.chatId}:${message.messageId}`;
}

/** Decides a whole batch in memory, in order, each update on the state that the one before left. Pure. */
export function planBatch(updates: readonly TracedUpdate[], known: Known): BatchPlan {
  const planner = new Planner(known);
  for (const update of updates) planner.add(update);
  return planner.plan();
}

class Planner {
  private readonly settled = new Set<string>();
  private readonly states = new Map<string, TicketState>();
  private readonly messages = new Map<string, string>();
  private readonly settlements: Settlement[] = [];
  private readonly events: PlannedEvent[] = [];

  constructor(private readonly known: Known) {}

  add(update: TracedUpdate): void {
    const { idempotencyKey } = update;
    if (this.known.settledKeys.has(idempotencyKey) || this.settled.has(idempotencyKey)) return;
    this.settled.add(idempotencyKey);
    this.settlements.push(this.settleOrGiveUp(update));
  }

  plan(): BatchPlan {
    const tickets = [...this.states.values()].filter((state) => state.status === 'open');
    return { settlements: this.settlements, events: this.events, tickets };
  }

  /** A defect met by one update is that update's failure, not its neighbours'. */
  private settleOrGiveUp(update: TracedUpdate): Settlement {
    try {
      return this.settle(update);
    } catch (error) {
      const name = error instanceof Error ? error.name : typeof error;
      return deadLettered(update, { code: 'handler-defect', message: `deciding failed: ${name}` });
    }
  }

  private settle(update: TracedUpdate): Settlement {
    const { verdict } = update;
    switch (verdict.type) {
      case 'ignored':
        return { update, outcome: 'ignored', reason: verdict.reason, ticketId: null };
      case 'unreadable':
        return deadLettered(update, verdict.failure);
      case 'command':
        return this.record(update, verdict.command);
      default:
        return verdict satisfies never;
    }
  }

  private record(update: TracedUpdate, command: TicketCommand): Settlement {
    const message = messageKey(command);
    const ticketId = this.messages.get(message) ?? this.known.recordedMessages.get(message);
    if (ticketId !== undefined) {
      const reason: IgnoredReason = 'message-already-recorded';
      return { update, outcome: 'ignored', reason, ticketId };
    }
    const before =
      this.states.get(command.conversation) ?? this.known.openTickets.get(command.conversation) ?? NO_TICKET;
    const events = decide(command, before);
    const after = events.reduce(evolve, before);
    const first = events[0];
    if (!first || after.status !== 'open') throw new Error('a customer message must end in an open ticket');
    this.states.set(command.conversation, after);
    this.messages.set(message, after.ticketId);
    for (const event of events) this.events.push({ event, update });
    return { update, outcome: first.type, reason: null, ticketId: after.ticketId };
  }
}

/** The settlement of an update that no handler can take. */
export function deadLettered(update: TracedUpdate, failure: PermanentFailure): Settlement {
  return { update, outcome: 'dead-lettered', reason: failure.code, ticketId: null, failure };
}
