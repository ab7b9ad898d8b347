import type { Outcome } from '@onceline/contracts';
import type { FaultRule } from '../faults/fault-rule.js';
import type { LoadedQueue, ParkedConversation } from '../parking/parked-conversations.js';
import type { RecordedMessage } from '../ticket/message.js';
import type { MigratedChat } from '../ticket/migrated-chat.js';
import type { Ticket } from '../ticket/state.js';
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
  /** Of each conversation of the batch the active one, else the last that was opened or resolved, those of its recorded messages, and where staff wrote the fifty active ones in which something happened last. Also the active ones that something else concerns, a thousand of a topic at most. Of a chat that goes on as another one what each conversation goes on with, and what is active there. For merged ones those that go on for them, with what the conversations of those go on with. One may be there twice. */
  readonly tickets: readonly Ticket[];
  /** Messages of the batch that are recorded already, by `messageKey`. */
  readonly messages: ReadonlyMap<string, RecordedMessage>;
  /** Of the chats of the batch those that went on as others. */
  readonly migratedChats: readonly MigratedChat[];
  readonly parked: readonly ParkedConversation[];
  /** By conversation: what waits behind the heads that came back. */
  readonly queues: ReadonlyMap<string, LoadedQueue>;
  /** Of the conversations and the updates of the batch, oldest first; a thousand at most, the next message of a conversation shows more. */
  readonly unmarkedGaps: readonly UnmarkedGap[];
  readonly faults: readonly FaultRule[];
}
