import { HEADERS, TOPICS } from '@onceline/contracts';
import type { ConsumedRecord } from '@onceline/kafka';
import { receive } from '../intake/to-command.js';
import { STANDARD_POLICY } from '../policy/bot-policy.js';
import { personOf } from '../ticket/person.js';
import type { Known } from '../store/known.js';
import { planBatch, type BatchPlan, type PlanRules, type Settlement } from '../store/plan-batch.js';
import type { PlannedEvent } from '../store/ticket-states.js';
import type { TracedUpdate } from '../store/traced-update.js';
import { WITHOUT_UPDATES } from '../store/write-plan.js';
import type { TicketChanges } from '../ticket/commands.js';
import { decideForAgent } from '../ticket/decide-for-agent.js';
import { evolveTicket } from '../ticket/evolve.js';
import type { Ticket } from '../ticket/state.js';

/** Whose tickets are made up; a database with those of others is left alone. */
export const SEED_BOT = '1000001';

/** Tickets of one customer, one after the other: each is resolved but the last one of some. */
export const TICKETS_PER_CHAT = 4;
const FIRST_CHAT = 600_000_000;
const START_MS = Date.UTC(2025, 0, 1);
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** Of so many customers one waits for an answer: about three tickets of a hundred are in the queue. */
const CHATS_PER_WAITING = 8;
const UNTRACED = { traceparent: null, tracestate: null };

/** What customers and agents did in these chats, decided by the rules of the service as if it had come in then. */
export function seedHistory({ firstChat, chats }: { firstChat: number; chats: number }): BatchPlan {
  const events: PlannedEvent[] = [];
  const settlements: Settlement[] = [];
  const numbers = Array.from({ length: chats }, (_, index) => firstChat + index);
  let tickets: readonly Ticket[] = [];
  for (let turn = 0; turn < TICKETS_PER_CHAT; turn += 1) {
    const updates = numbers.flatMap((chat) => messagesOf(chat, turn));
    const plan = planBatch(updates, { ...NOTHING_KNOWN, tickets }, RULES);
    events.push(...plan.events);
    settlements.push(...plan.settlements);
    tickets = plan.tickets.map((ticket) => {
      const done = workOn(ticket, turn);
      events.push(...done.map((event) => ({ event, trace: UNTRACED, person: personOf(event, ticket) })));
      return done.reduce(evolveTicket, ticket);
    });
  }
  return { ...WITHOUT_UPDATES, events, settlements, tickets: [] };
}

const NOTHING_KNOWN: Known = {
  ...{ ledger: new Map(), tickets: [], messages: new Map(), parked: [], queues: new Map(), migratedChats: [] },
  ...{ unmarkedGaps: [], faults: [] },
};

const RULES: PlanRules = {
  now: START_MS,
  nextHop: () => {
    throw new Error('nothing that is made up fails');
  },
  trace: (update) => ({ ...update, ...UNTRACED }),
  keep: (update) => update,
  drainLimit: 0,
};

const timeOf = (chat: number, turn: number) =>
  START_MS + (turn * 30 + (chat % 29)) * DAY_MS + (chat % 1440) * MINUTE_MS;

/** One to three, in turns. */
function messagesOf(chat: number, turn: number): TracedUpdate[] {
  const count = 1 + ((chat + turn) % 3);
  return Array.from({ length: count }, (_, index) => {
    const messageId = turn * 10 + index + 1;
    const at = timeOf(chat, turn) + index * MINUTE_MS;
    return { ...receive(recordOf(chat, messageId, at), () => STANDARD_POLICY), ...UNTRACED };
  });
}

function recordOf(chat: number, messageId: number, at: number): ConsumedRecord {
  const id = FIRST_CHAT + chat;
  const text = `Order ${chat * 7 + messageId} has not arrived, although the tracking page says that it was handed over`;
  const from = { id, is_bot: false, first_name: `Customer ${chat}` };
  const message = {
    ...{ message_id: messageId, date: at / 1000, text, from },
    chat: { id, type: 'private', first_name: from.first_name },
  };
  const update = { update_id: chat * TICKETS_PER_CHAT * 10 + messageId, message };
  return {
    ...{ topic: TOPICS.unique, partition: 0, offset: 0, timestamp: at, key: String(id) },
    value: Buffer.from(JSON.stringify(update)),
    headers: { [HEADERS.botId]: SEED_BOT, [HEADERS.receivedAt]: new Date(at).toISOString() },
  };
}

/** An agent resolves it an hour later, or leaves it in the queue. */
function workOn(ticket: Ticket, turn: number) {
  const chat = Number(ticket.chatId) - FIRST_CHAT;
  const waits = turn === TICKETS_PER_CHAT - 1 && chat % CHATS_PER_WAITING === 0;
  const decision = decideForAgent(
    {
      type: 'change-ticket',
      idempotencyKey: `command:seed:${ticket.ticketId}`,
      by: `agent-${chat % 20}`,
      changes: waits ? priorityOf(chat) : { status: 'resolved' },
      occurredAt: new Date(timeOf(chat, turn) + 60 * MINUTE_MS).toISOString(),
    },
    ticket,
  );
  if ('refusal' in decision) throw new Error(decision.refusal.detail);
  return decision.events;
}

function priorityOf(chat: number): TicketChanges {
  return { priority: (['low', 'normal', 'high', 'urgent'] as const)[Math.floor(chat / CHATS_PER_WAITING) % 4] };
}
