import type { Session, WithSession } from '../store/session.js';
import { IS_ACTIVE, type TicketFilter } from '../store/ticket-conditions.js';
import {
  concerned,
  customerOf,
  type Accounts,
  type Customer,
  type CustomerEvent,
  type IdentityChange,
} from './identity.js';

/** An account: a user of Telegram, to one bot. */
export interface Account {
  readonly botId: string;
  readonly customerId: string;
}

export interface AccountTickets {
  readonly customerId: string;
  readonly tickets: number;
  readonly activeTickets: number;
  /** When the last one was opened, RFC 3339 UTC; null without one. */
  readonly lastOpenedAt: string | null;
}

/** A customer with what he has, and what was said of him. */
export interface CustomerView extends Account {
  readonly version: number;
  readonly accounts: readonly AccountTickets[];
  /** The last ones, the latest first. */
  readonly history: readonly CustomerEvent[];
}

const MOST_HISTORY = 100;

/**
 * Found by the accounts first, whatever the planner thinks of it: of one who was never merged there is no event, and it would walk through all
 * that were said of others to find that out.
 */
const CONCERNING = (accounts: string) =>
  `(select * from ticketing.customer_events where accounts ${accounts} offset 0) as e`;
const LAST = {
  name: 'last-said-of-customer',
  text: `select bot_id, version, type, data from ${CONCERNING('@> array[$2::text]')} where bot_id = $1 order by version desc limit 1`,
};
const LAST_OF_EACH_BOT = {
  name: 'last-said-of-customer-by-bot',
  text: `select distinct on (bot_id) bot_id, version, type, data from ${CONCERNING('@> array[$1::text]')} order by bot_id, version desc`,
};
const HISTORY = {
  name: 'history-of-customer',
  text: `select bot_id, version, type, data, made_by, occurred_at from ${CONCERNING('&& $2::text[]')} where bot_id = $1
    order by version desc limit ${MOST_HISTORY}`,
};
const TICKETS = {
  name: 'tickets-of-accounts',
  text: `select customer_id, count(*)::int as tickets, (count(*) filter (where ${IS_ACTIVE}))::int as active, max(opened_at) as last_opened_at
    from ticketing.tickets where customer_id = any($2::text[]) and bot_id = $1 group by customer_id`,
};
const HAS_TICKETS = {
  name: 'account-has-tickets',
  text: 'select 1 from ticketing.tickets where customer_id = $2 and bot_id = $1 limit 1',
};
const APPEND = {
  name: 'append-customer-event',
  text: `insert into ticketing.customer_events (bot_id, version, type, accounts, data, idempotency_key, made_by, occurred_at)
    values ($1, (select coalesce(max(version), 0) + 1 from ticketing.customer_events where bot_id = $1), $2, $3, $4, $5, $6, $7)
    returning version`,
};

type LastRow = IdentityChange & { readonly bot_id: string; readonly version: number };
type HistoryRow = LastRow & { readonly made_by: string; readonly occurred_at: Date };
interface TicketsRow {
  customer_id: string;
  tickets: number;
  active: number;
  last_opened_at: Date;
}

/** All accounts of whoever holds this one, which is among them; nothing else says who is one with whom. */
export async function accountsOf(session: Session, botId: string, customerId: string): Promise<Accounts> {
  return (await readCustomer(session, { botId, customerId })).accounts;
}

export async function readCustomer(session: Session, { botId, customerId }: Account): Promise<Customer> {
  const { rows } = await session.query<LastRow>(LAST, [botId, customerId]);
  return customerOf(customerId, rows[0]);
}

/** Whether this bot has ever had to do with him. */
export async function isKnown(session: Session, { botId, customerId }: Account): Promise<boolean> {
  if ((await session.query(HAS_TICKETS, [botId, customerId])).rowCount > 0) return true;
  return (await session.query(LAST, [botId, customerId])).rowCount > 0;
}

/** The same tickets, and those of the customer's further accounts: he is one in each bot by itself. */
export async function withAllAccounts(session: Session, filter: TicketFilter): Promise<TicketFilter> {
  const { customer } = filter;
  if (customer === undefined) return filter;
  const { rows } = await session.query<LastRow>(LAST_OF_EACH_BOT, [customer]);
  const accounts = rows.flatMap((row) =>
    customerOf(customer, row).accounts.map((customerId) => ({ botId: row.bot_id, customerId })),
  );
  return { ...filter, furtherAccounts: accounts.filter(({ customerId }) => customerId !== customer) };
}

/** Behind all that was said of this bot's customers. @throws unique violation when somebody else was faster */
export async function appendChange(
  session: Session,
  botId: string,
  { type, data }: IdentityChange,
  cause: { readonly idempotencyKey: string; readonly by: string; readonly occurredAt: string },
): Promise<number> {
  const accounts = concerned({ type, data } as IdentityChange);
  const values = [botId, type, accounts, JSON.stringify(data), cause.idempotencyKey, cause.by, cause.occurredAt];
  const { rows } = await session.query<{ version: number }>(APPEND, values);
  if (!rows[0]) throw new Error('what was inserted must be there');
  return rows[0].version;
}

/** Reads customers for those who look at them. */
export class CustomerStore {
  constructor(private readonly withSession: WithSession) {}

  /** Undefined where this bot has never had to do with him. */
  read(account: Account): Promise<CustomerView | undefined> {
    return this.withSession(async (session) => {
      const { botId } = account;
      const { accounts, version } = await readCustomer(session, account);
      const counted = (await session.query<TicketsRow>(TICKETS, [botId, accounts])).rows;
      if (version === 0 && counted.length === 0) return undefined;
      const history = version === 0 ? [] : (await session.query<HistoryRow>(HISTORY, [botId, accounts])).rows;
      const ticketsOf = (id: string) =>
        toTickets(
          id,
          counted.find(({ customer_id: of }) => of === id),
        );
      return { ...account, version, accounts: accounts.map(ticketsOf), history: history.map(toEvent) };
    });
  }
}

function toTickets(customerId: string, row: TicketsRow | undefined): AccountTickets {
  const { tickets = 0, active = 0, last_opened_at: lastOpenedAt = null } = row ?? {};
  return { customerId, tickets, activeTickets: active, lastOpenedAt: lastOpenedAt?.toISOString() ?? null };
}

function toEvent({ type, data, version, made_by: by, occurred_at: at }: HistoryRow): CustomerEvent {
  return { type, data, version, by, occurredAt: at.toISOString() } as CustomerEvent;
}
