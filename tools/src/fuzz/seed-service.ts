import { HEADERS, TOPICS } from '@onceline/contracts';
import { eventually } from '@onceline/testing';
import type { System } from '../system.js';
import type { Known } from './fuzz-config.js';

const BOT = '1000001';
const OTHER = '1000002';
const STAFF = 900;
const GROUP = -1_000_000_000_001;
const CHATS = 12;

interface Ticket {
  readonly id: string;
  readonly conversation: string;
  readonly chatId: string;
  readonly customerId: string | null;
}

/** Fills a service with one of everything that can be asked for: tickets in all states, a group with staff, what was ignored and what was given up. */
export async function seedService(system: System): Promise<Known> {
  const api = apiOf(system);
  await api('PUT', `/v1/bots/${BOT}/policy`, {
    ...{ staff: [String(STAFF)], closingPhrases: ['thanks'] },
    fields: { order: { type: 'text' }, plan: { type: 'choice', choices: ['free', 'paid'] }, vip: { type: 'boolean' } },
  });
  await api('PUT', `/v1/bots/${BOT}/sla`, { targets: [{ firstResponseMinutes: 30, resolutionMinutes: 600 }] });
  await api('PUT', '/v1/agents/ada', { capacity: 5, team: 'billing' });
  const written = [...privateMessages(), ...inGroup(), ...withoutTicket()];
  await system.write(TOPICS.unique, written);
  const keys = written.map(({ idempotencyKey }) => idempotencyKey);
  const last = keys.at(-1) ?? '';
  await eventually(() => api('GET', `/v1/ledger/${encodeURIComponent(last)}`));
  const { items } = await eventually(async () => {
    const page = await api<{ items: readonly Ticket[] }>('GET', '/v1/tickets?limit=100');
    if (page.items.length < CHATS + 1) throw new Error(`${page.items.length} of ${CHATS + 1} tickets are there`);
    return page;
  });
  await work(api, items);
  return knownOf(items, keys);
}

type Api = <Answer>(method: string, path: string, body?: object) => Promise<Answer>;

function apiOf(system: System): Api {
  const { ticketing, tokens } = system.access();
  return async <Answer>(method: string, path: string, body?: object) => {
    const response = await fetch(`${ticketing}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${tokens.admin}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as Answer;
  };
}

/** One of each state, and two that are linked. */
async function work(api: Api, [first, second, third, fourth, fifth]: readonly Ticket[]): Promise<void> {
  const change = (ticket: Ticket | undefined, changes: object) => api('PATCH', `/v1/tickets/${ticket?.id}`, changes);
  await change(first, { assignee: 'ada', priority: 'urgent', tags: ['vip'], watchers: ['bob'], team: 'billing' });
  await change(second, { status: 'resolved' });
  await change(third, { status: 'snoozed', snoozedUntil: new Date(Date.now() + 86_400_000).toISOString() });
  await change(fourth, { status: 'pending' });
  await api('POST', `/v1/tickets/${first?.id}/notes`, { text: 'Has called' });
  await api('POST', `/v1/tickets/${first?.id}/links`, { ticketId: fifth?.id, kind: 'relates-to' });
}

function knownOf(tickets: readonly Ticket[], keys: readonly string[]): Known {
  const [first] = tickets;
  const ids = tickets.map(({ id }) => id);
  const of = (field: 'conversation' | 'chatId' | 'customerId') => [
    ...new Set(tickets.map((ticket) => ticket[field] ?? '')),
  ];
  return {
    'path.id': ids,
    'path.ticketId': ids,
    'path.botId': [BOT, OTHER],
    'path.name': ['ada', 'bob'],
    'path.customerId': of('customerId'),
    'path.idempotencyKey': keys,
    'query.bot': [BOT, OTHER],
    'query.chat': of('chatId'),
    'query.conversation': of('conversation'),
    'query.customer': of('customerId'),
    'query.ticket': ids,
    'query.assignee': ['ada', 'nobody'],
    'query.team': ['billing'],
    'query.tag': ['vip'],
    'query.watcher': ['bob'],
    'query.q': ['parcel', 'lost -paid', '"my parcel"', 'par'],
    // The beginning of all events: a stream from now on would have nothing to tell.
    'query.after': ['MC0w'],
    'header.last-event-id': ['MC0w'],
    'header.if-none-match': ['"3"', '"4"'],
    'body.ticketId': ids,
    'body.into': ids.filter((id) => id !== first?.id),
    'body.assignee': ['ada', 'bob'],
    'body.businessHours.timeZone': ['Europe/Berlin', 'UTC', 'America/New_York'],
    'query.timeZone': ['Europe/Berlin', 'UTC', 'America/New_York'],
  };
}

interface UpdateRecord {
  readonly idempotencyKey: string;
  readonly key: string;
  readonly value: Buffer;
  readonly headers: { readonly [name: string]: string };
}

function privateMessages(): UpdateRecord[] {
  return Array.from({ length: CHATS }, (_, index) => {
    const chat = { id: 100 + index, type: 'private' };
    const from = { id: chat.id, is_bot: false, first_name: `Customer ${index}` };
    const bot = index % 3 === 2 ? OTHER : BOT;
    return ['My parcel is lost', 'Has it been paid?', 'Hello?'].map((text) => message(bot, chat, { from, text }));
  }).flat();
}

function inGroup(): UpdateRecord[] {
  const chat = { id: GROUP, type: 'supergroup', title: 'Customers' };
  const customer = { id: 300, is_bot: false, first_name: 'Group customer' };
  const staff = { id: STAFF, is_bot: false, first_name: 'Staff' };
  return [
    message(BOT, chat, { from: customer, text: 'Is anybody there?' }),
    message(BOT, chat, { from: staff, text: 'We are' }),
    message(BOT, chat, { from: staff, text: '// knows him' }),
  ];
}

/** What is ignored, and what is given up at once. */
function withoutTicket(): UpdateRecord[] {
  const chat = { id: 500, type: 'private' };
  return [
    message(BOT, chat, {
      from: { id: 500, is_bot: false },
      text: '/start',
      entities: [{ type: 'bot_command', offset: 0, length: 6 }],
    }),
    message(BOT, chat, { from: { id: 500, is_bot: false }, date: 'yesterday' }),
  ];
}

let updates = 0;

/** As dedupe writes it. */
function message(botId: string, chat: { readonly id: number }, fields: object): UpdateRecord {
  updates += 1;
  const base = { message_id: updates, date: Math.floor(Date.now() / 1000) };
  const update = { update_id: updates, message: { ...base, chat, ...fields } };
  const idempotencyKey = `tg1:${botId}:message:${chat.id}:${updates}:${updates}`;
  return {
    idempotencyKey,
    key: `${botId}:${chat.id}`,
    value: Buffer.from(JSON.stringify(update)),
    headers: {
      [HEADERS.botId]: botId,
      [HEADERS.receivedAt]: new Date().toISOString(),
      [HEADERS.idempotencyKey]: idempotencyKey,
      [HEADERS.updateKind]: 'message',
    },
  };
}
