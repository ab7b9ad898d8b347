import type { TicketCommand } from '../ticket/commands.js';
import { toDeadLetter } from './dead-letter.js';
import { messageKey, planBatch, type BatchPlan, type Known, type Settlement } from './plan-batch.js';
import { ClaimLost, type Session, type WithSession } from './session.js';
import {
  insertEvents,
  insertLedger,
  insertMessages,
  insertOutbox,
  readOpenTickets,
  readRecordedMessages,
  readSettledKeys,
  upsertTickets,
} from './statements.js';
import type { TracedUpdate } from './traced-update.js';

/**
 * Settles a batch in one transaction: everything in it has an outcome afterwards, or nothing has.
 * Answers what was settled now; updates that had an outcome before are left out.
 */
export type SettleBatch = (updates: readonly TracedUpdate[]) => Promise<readonly Settlement[]>;

export function settleBatchOn(withSession: WithSession): SettleBatch {
  return (updates) => withSession((session) => inTransaction(session, () => settle(session, updates)));
}

async function settle(session: Session, updates: readonly TracedUpdate[]): Promise<readonly Settlement[]> {
  const settledKeys = await readSettledKeys(
    session,
    updates.map(({ idempotencyKey }) => idempotencyKey),
  );
  const fresh = updates.filter(({ idempotencyKey }) => !settledKeys.has(idempotencyKey));
  if (fresh.length === 0) return [];
  const planned = planBatch(fresh, { settledKeys, ...(await readTickets(session, fresh)) });
  await write(session, planned);
  return planned.settlements;
}

async function readTickets(
  session: Session,
  updates: readonly TracedUpdate[],
): Promise<Pick<Known, 'openTickets' | 'recordedMessages'>> {
  const commands = updates.flatMap(({ verdict }) => (verdict.type === 'command' ? [verdict.command] : []));
  if (commands.length === 0) return { openTickets: new Map(), recordedMessages: new Map() };
  const openTickets = await readOpenTickets(session, conversationsOf(commands));
  const messages = await readRecordedMessages(session, commands);
  const recordedMessages = new Map(
    messages.map((row) => [
      messageKey({ botId: row.bot_id, chatId: row.chat_id, messageId: row.message_id }),
      row.ticket_id,
    ]),
  );
  return { openTickets, recordedMessages };
}

function conversationsOf(commands: readonly TicketCommand[]): readonly string[] {
  return [...new Set(commands.map(({ conversation }) => conversation))];
}

async function write(session: Session, plan: BatchPlan): Promise<void> {
  const claimed = await insertLedger(session, plan.settlements);
  if (claimed < plan.settlements.length) throw new ClaimLost();
  await insertEvents(session, plan.events);
  await upsertTickets(session, plan.tickets);
  await insertMessages(
    session,
    plan.events.map(({ event }) => event),
  );
  const failedAt = new Date().toISOString();
  await insertOutbox(
    session,
    plan.settlements.flatMap(({ update, failure }) => (failure ? [toDeadLetter(update, failure, failedAt)] : [])),
  );
}

/**
 * Statements are planned once per connection, maybe while the tables are still empty, when reading a whole table looks
 * cheap; so whole-table reads are ruled out.
 */
const BEGIN = 'begin; set local enable_seqscan = off';

async function inTransaction<Result>(session: Session, work: () => Promise<Result>): Promise<Result> {
  await session.command(BEGIN);
  try {
    const result = await work();
    await session.command('commit');
    return result;
  } catch (error) {
    // The first error says more than that of a rollback that fails too.
    await session.command('rollback').catch(() => session.discard());
    throw error;
  }
}
