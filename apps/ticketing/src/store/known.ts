import type { Outcome } from '@onceline/contracts';
import type { FaultRule } from '../faults/fault-rule.js';
import type { LoadedQueue, ParkedConversation } from '../parking/parked-conversations.js';
import type { OpenTicket } from '../ticket/state.js';
import type { UnmarkedGap } from './unmarked-gaps.js';

/** What the ledger says about an update. */
export interface LedgerRow {
  readonly outcome: Outcome;
  /** Who replaces the outcome, replaces this revision of it. */
  readonly revision: number;
  readonly redriveId: string | null;
  readonly redriveCount: number;
}

/** What the database knew about the batch before it was decided. */
export interface Known {
  /** By idempotency key. */
  readonly ledger: ReadonlyMap<string, LedgerRow>;
  /** By conversation. */
  readonly openTickets: ReadonlyMap<string, OpenTicket>;
  /** Ticket of each message that is recorded already, by {@link messageKey}. */
  readonly recordedMessages: ReadonlyMap<string, string>;
  readonly parked: readonly ParkedConversation[];
  /** By conversation: what waits behind the heads that came back. */
  readonly queues: ReadonlyMap<string, LoadedQueue>;
  /** Of the conversations and the updates of the batch, oldest first; a thousand at most, the next message of a conversation shows more. */
  readonly unmarkedGaps: readonly UnmarkedGap[];
  readonly faults: readonly FaultRule[];
}

/** Meaning of a message: whatever update brings it, it is the same one. */
export function messageKey(message: { botId: string; chatId: string; messageId: number | string }): string {
  return `${message.botId}:${message.chatId}:${message.messageId}`;
}
