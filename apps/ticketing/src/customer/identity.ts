/** Which accounts with a bot belong to one person, as agents have said. Pure: what is stored and when comes in as arguments. */

/** Accounts of one person: ids of users in Telegram, each once, in the order of the alphabet. */
export type Accounts = readonly string[];

/** One person to a bot. */
export interface Customer {
  readonly accounts: Accounts;
  /** Of the last event that concerns one of his accounts, and so each of them; 0 before the first. */
  readonly version: number;
}

interface Recorded {
  /** Counts what was said of customers of this bot. */
  readonly version: number;
  /** Who said it. */
  readonly by: string;
  /** RFC 3339 UTC. */
  readonly occurredAt: string;
}

/** The two were two before. */
export interface CustomersMerged extends Recorded {
  readonly type: 'customers-merged';
  readonly data: { readonly accounts: Accounts; readonly with: Accounts };
}

/** One account has left; the others are one as before. */
export interface CustomerSplit extends Recorded {
  readonly type: 'customer-split';
  readonly data: { readonly account: string; readonly from: Accounts };
}

export type CustomerEvent = CustomersMerged | CustomerSplit;

/** An event without what it is recorded with. */
export type IdentityChange = Pick<CustomersMerged, 'type' | 'data'> | Pick<CustomerSplit, 'type' | 'data'>;

/** Why it cannot be: another choice of customers is wanted, or these in another state. */
export interface IdentityRefusal {
  readonly because: 'choice' | 'state';
  readonly detail: string;
  readonly fix: string;
}

export type IdentityDecision = { readonly change: IdentityChange } | { readonly refusal: IdentityRefusal };

/** Whoever reads a customer reads them all. */
export const MOST_ACCOUNTS = 50;

/** @param asked the two accounts that were named */
export function decideMerge(
  customer: Customer,
  other: Customer,
  asked: { readonly account: string; readonly with: string },
): IdentityDecision {
  if (asked.account === asked.with) return { refusal: HIMSELF };
  if (customer.accounts.includes(asked.with)) return { refusal: ONE_ALREADY };
  if (customer.accounts.length + other.accounts.length > MOST_ACCOUNTS) return { refusal: TOO_MANY };
  return { change: { type: 'customers-merged', data: { accounts: customer.accounts, with: other.accounts } } };
}

/** Takes one account out. */
export function decideSplit({ accounts }: Customer, account: string): IdentityDecision {
  const from = accounts.filter((other) => other !== account);
  if (from.length === 0) return { refusal: ALONE };
  return { change: { type: 'customer-split', data: { account, from } } };
}

/** All accounts that it concerns: those that were one before it, or are one after it. */
export function concerned({ type, data }: IdentityChange): Accounts {
  return type === 'customers-merged' ? sorted(data.accounts, data.with) : sorted([data.account], data.from);
}

/** As whom one knows the holder of an account, by the last event that concerns it: each of the person's accounts is concerned by it. */
export function customerOf(
  account: string,
  last: (IdentityChange & { readonly version: number }) | undefined,
): Customer {
  return { accounts: last ? accountsAfter(last, account) : [account], version: last?.version ?? 0 };
}

function accountsAfter(change: IdentityChange, account: string): Accounts {
  if (change.type === 'customers-merged') return concerned(change);
  return change.data.account === account ? [account] : change.data.from;
}

function sorted(...accounts: readonly Accounts[]): Accounts {
  return [...new Set(accounts.flat())].sort();
}

const HIMSELF: IdentityRefusal = {
  ...{ because: 'choice', detail: 'This is the account itself.' },
  fix: 'Name another account of the same person.',
};
const ONE_ALREADY: IdentityRefusal = {
  ...{ because: 'state', detail: 'The two are one customer already.' },
  fix: 'Read him: GET /v1/customers/{botId}/{customerId} shows his accounts.',
};
const TOO_MANY: IdentityRefusal = {
  ...{ because: 'state', detail: `A customer has ${MOST_ACCOUNTS} accounts, at most.` },
  fix: 'Split accounts off that are not his: POST /v1/customers/{botId}/{customerId}/split.',
};
const ALONE: IdentityRefusal = {
  ...{ because: 'state', detail: 'This account is merged with no other.' },
  fix: 'Leave it as it is.',
};
