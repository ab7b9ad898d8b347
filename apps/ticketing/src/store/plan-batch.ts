import type { Outcome } from '@onceline/contracts';
import type { DeadLetterHop, DeadLetterReason, RetryHop } from '@onceline/retry-policy';
import { injectedFailure } from '../faults/fault-rule.js';
import type { Delivery, Redrive } from '../intake/delivery.js';
import { canHaveTicket, type ReceivedUpdate } from '../intake/to-command.js';
import { defect, type UpdateFailure } from '../intake/update-failure.js';
import { isExpected } from '../parking/expected-attempt.js';
import { ParkedConversations, type Head, type ParkingChanges } from '../parking/parked-conversations.js';
import type { RecordMissingUpdate } from '../ticket/commands.js';
import type { MigratedChat } from '../ticket/migrated-chat.js';
import type { Ticket } from '../ticket/state.js';
import type { Known, LedgerRow } from './known.js';
import type { MessageChanges } from './message-states.js';
import { toDeadLetter, toFirstRedelivery, toRetry, type FailedTry, type OutboxRecord } from './outbox-record.js';
import { TicketStates, type PlannedEvent } from './ticket-states.js';
import type { TracedUpdate } from './traced-update.js';
import { changeGaps, type GapChanges, type UnmarkedGap } from './unmarked-gaps.js';

export const BEHIND_PARKED = 'behind-parked';

/** Where a failed update goes. */
export type Hop = RetryHop | DeadLetterHop;

/** What the decisions need besides the state; fixed for one batch. */
export interface PlanRules {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** @param tries including the one that failed */
  readonly nextHop: (failure: UpdateFailure, tries: number, firstFailedAt: number) => Hop;
  /** The context in which an update is handled that waited in the database. */
  trace(update: ReceivedUpdate, waitedMs: number): TracedUpdate;
  /** An update whose try has failed: its trace is recorded from here on, also where it was not chosen to be. */
  keep(update: TracedUpdate): TracedUpdate;
  /** Parked updates that one batch settles behind each head. */
  readonly drainLimit: number;
}

/** What becomes of one update. */
export interface Settlement {
  readonly update: TracedUpdate;
  readonly outcome: Outcome;
  readonly reason: string | null;
  readonly ticketId: string | null;
  /** Tries made; 0 while it waits behind another one. */
  readonly attempts: number;
  readonly redrive: Redrive | null;
  /** The entry that this one replaces; undefined for the first outcome. */
  readonly before: LedgerRow | undefined;
  readonly failure?: UpdateFailure;
}

/** All that one transaction writes. */
export interface BatchPlan {
  readonly settlements: readonly Settlement[];
  readonly events: readonly PlannedEvent[];
  /** State after the batch of every ticket that changed. */
  readonly tickets: readonly Ticket[];
  readonly messages: MessageChanges;
  readonly records: readonly OutboxRecord[];
  readonly parking: ParkingChanges;
  readonly gaps: GapChanges;
  readonly migratedChats: readonly MigratedChat[];
}

/** Decides a whole batch in memory, in order, each update on the state that the one before left. Pure. */
export function planBatch(updates: readonly TracedUpdate[], known: Known, rules: PlanRules): BatchPlan {
  const planner = new Planner(known, rules);
  for (const update of updates) planner.add(update);
  return planner.plan();
}

/** One try of an update: what came before it. */
interface Try {
  readonly tries: number;
  readonly firstFailedAt: number | null;
  readonly redrive: Redrive | null;
}

const FIRST_TRY: Try = { tries: 0, firstFailedAt: null, redrive: null };

class Planner {
  private readonly tickets: TicketStates;
  private readonly parking: ParkedConversations;
  private readonly settlements = new Map<string, Settlement>();
  private readonly records: OutboxRecord[] = [];
  private readonly gaps: UnmarkedGap[] = [];
  /** Heads that this batch makes: what waits behind them is not in hand, and a record of their own is on its way. */
  private readonly promoted = new Set<string>();

  constructor(
    private readonly known: Known,
    private readonly rules: PlanRules,
  ) {
    this.tickets = new TicketStates(known);
    this.parking = new ParkedConversations(known.parked, known.queues);
  }

  plan(): BatchPlan {
    const gaps = changeGaps(this.known.unmarkedGaps, this.gaps, (gap) => this.closeGap(gap));
    return {
      settlements: [...this.settlements.values()],
      events: this.tickets.events,
      tickets: this.tickets.changed(),
      messages: this.tickets.changedMessages(),
      records: this.records,
      parking: this.parking.changes(),
      gaps,
      migratedChats: this.tickets.migratedChats,
    };
  }

  add(update: TracedUpdate): void {
    const { delivery } = update;
    if (delivery.type === 'again') this.addAgain(update, delivery);
    else if (this.entryOf(update.idempotencyKey) === undefined) this.takeInOrder(update, FIRST_TRY);
  }

  /** The head that is waited for, or a redrive of a dead letter. Anything else is a copy from before a crash, and changes nothing. */
  private addAgain(update: TracedUpdate, delivery: Extract<Delivery, { type: 'again' }>): void {
    const waiting = this.parking.headedBy(update.idempotencyKey);
    if (waiting) {
      if (this.promoted.has(update.idempotencyKey)) return;
      if (isExpected(delivery, waiting.head, this.rules.now)) this.takeHead(update, waiting.conversation, waiting.head);
      return;
    }
    const { redrive } = delivery;
    const entry = this.entryOf(update.idempotencyKey);
    // The same redrive twice is a copy too: what it found dead may be what it left dead.
    if (redrive === null || entry?.outcome !== 'dead-lettered' || entry.redriveId === redrive.id) return;
    this.takeInOrder(update, { ...FIRST_TRY, redrive });
  }

  private takeInOrder(update: TracedUpdate, before: Try): void {
    const conversation = update.scope;
    if (!this.parking.isParked(conversation)) {
      this.try(update, conversation, before);
      return;
    }
    this.parking.queue(conversation, update, this.rules.now);
    this.settle(update, { outcome: 'parked', reason: BEHIND_PARKED, ticketId: null, attempts: 0 }, before.redrive);
  }

  private takeHead(update: TracedUpdate, conversation: string, head: Head): void {
    const { redrive } = update.delivery.type === 'again' ? update.delivery : { redrive: null };
    const before = { tries: head.attempt, firstFailedAt: head.firstFailedAt, redrive };
    if (this.try(update, conversation, before) === 'settled') this.drain(conversation);
  }

  /** What waited behind a head that is settled: in order, until one has to wait again or the limit is reached. */
  private drain(conversation: string): void {
    const most = Math.min(this.rules.drainLimit, this.parking.takeable(conversation));
    for (let taken = 0; taken < most; taken += 1) {
      const next = this.parking.take(conversation);
      if (!next) break;
      const update = this.rules.trace(next.update, this.rules.now - next.parkedAt);
      const before = { ...FIRST_TRY, redrive: redriveOfQueued(update) };
      if (this.try(update, conversation, before) === 'waiting') return;
    }
    const next = this.parking.take(conversation);
    if (!next) this.parking.release(conversation);
    else this.promote(conversation, next.update);
  }

  /** Too many for one transaction: the next one comes back at once through Kafka, which repeats it until it is settled. */
  private promote(conversation: string, update: ReceivedUpdate): void {
    const { now } = this.rules;
    const redrive = redriveOfQueued(update);
    this.records.push(toFirstRedelivery(update, now));
    this.promoted.add(update.idempotencyKey);
    this.parking.wait(conversation, {
      key: update.idempotencyKey,
      attempt: 0,
      redriveId: redrive?.id ?? null,
      firstFailedAt: null,
      dueAt: now,
      failure: null,
    });
  }

  private try(update: TracedUpdate, conversation: string, before: Try): 'settled' | 'waiting' {
    const handled = this.handle(update, conversation, before.tries);
    const attempts = before.tries + 1;
    if ('failure' in handled) {
      return this.failedTry(this.rules.keep(update), conversation, { ...before, ...handled, attempts });
    }
    this.settle(update, { ...handled, attempts }, before.redrive);
    return 'settled';
  }

  private failedTry(
    update: TracedUpdate,
    conversation: string,
    before: Try & { readonly failure: UpdateFailure; readonly attempts: number },
  ): 'settled' | 'waiting' {
    const { failure, attempts } = before;
    const { now } = this.rules;
    const { redrive } = before;
    const firstFailedAt = before.firstFailedAt ?? now;
    const hop = this.rules.nextHop(failure, attempts, firstFailedAt);
    if (hop.type === 'dead-letter') {
      this.giveUp(update, conversation, { failure, attempts, firstFailedAt, redrive, why: hop.reason });
      return 'settled';
    }
    const { code, message } = failure;
    const redriveId = redrive?.id ?? null;
    const { attempt, dueAt } = hop;
    this.records.push(toRetry(update, { failure, attempts: attempt, firstFailedAt, now, conversation }, hop));
    this.parking.wait(conversation, {
      key: update.idempotencyKey,
      attempt,
      redriveId,
      firstFailedAt,
      dueAt,
      failure: { code, message },
    });
    this.settle(update, { outcome: 'parked', reason: code, ticketId: null, attempts, failure }, redrive);
    return 'waiting';
  }

  private giveUp(
    update: TracedUpdate,
    conversation: string,
    of: Omit<FailedTry, 'now' | 'conversation'> & { redrive: Redrive | null; why: DeadLetterReason },
  ): void {
    const { failure, attempts, firstFailedAt, redrive, why } = of;
    const { now } = this.rules;
    const { idempotencyKey, updateKind, receivedAt } = update;
    this.records.push(toDeadLetter(update, { failure, attempts, firstFailedAt, now, conversation }, why));
    // The gap of a redriven update was marked when it was given up for the first time.
    const ticketId =
      redrive === null
        ? this.markGap(update, conversation, {
            type: 'record-missing-update',
            ...{ idempotencyKey, updateKind, receivedAt, reason: failure.code },
            occurredAt: new Date(now).toISOString(),
          })
        : null;
    this.settle(update, { outcome: 'dead-lettered', reason: failure.code, ticketId, attempts, failure }, redrive);
  }

  private markGap(update: TracedUpdate, conversation: string, missing: RecordMissingUpdate): string | null {
    const ticketId = this.tickets.markMissing(update, conversation, missing);
    if (ticketId === null && canHaveTicket(update)) this.gaps.push({ conversation, missing });
    return ticketId;
  }

  /** Its ticket shows it from now on, or the update came back; while that is on its way it is not missing yet. */
  private closeGap(gap: UnmarkedGap): boolean {
    const { idempotencyKey } = gap.missing;
    const outcome = this.entryOf(idempotencyKey)?.outcome ?? 'dead-lettered';
    if (outcome === 'dead-lettered' || outcome === 'discarded') {
      return this.tickets.showGap(gap, this.settlements.get(idempotencyKey)?.update);
    }
    return outcome !== 'parked';
  }

  /** A defect met by one update is that update's failure, not its neighbours'. */
  private handle(
    update: TracedUpdate,
    conversation: string,
    tries: number,
  ): Pick<Settlement, 'outcome' | 'reason' | 'ticketId'> | { readonly failure: UpdateFailure } {
    const { idempotencyKey, verdict } = update;
    const failure = injectedFailure(this.known.faults, { idempotencyKey, conversation, tries });
    if (failure) return { failure };
    switch (verdict.type) {
      case 'ignored':
        return { outcome: 'ignored', reason: verdict.reason, ticketId: null };
      case 'failed':
        return { failure: verdict.failure };
      case 'command':
        try {
          return this.tickets.record(update, verdict.command);
        } catch (error) {
          return { failure: defect('deciding', error) };
        }
      default:
        return verdict satisfies never;
    }
  }

  private settle(
    update: TracedUpdate,
    to: Omit<Settlement, 'update' | 'before' | 'redrive'>,
    redrive: Redrive | null,
  ): void {
    const { idempotencyKey } = update;
    this.settlements.set(idempotencyKey, { ...to, update, redrive, before: this.known.ledger.get(idempotencyKey) });
  }

  private entryOf(key: string): Pick<LedgerRow, 'outcome' | 'redriveId'> | undefined {
    const settled = this.settlements.get(key);
    return settled ? { outcome: settled.outcome, redriveId: settled.redrive?.id ?? null } : this.known.ledger.get(key);
  }
}

function redriveOfQueued({ delivery }: ReceivedUpdate): Redrive | null {
  return delivery.type === 'again' ? delivery.redrive : null;
}
