import { idempotentRequest, parseRequest, Problem, type ApiToken } from '@onceline/service-kit';
import type { Account, CustomerStore } from '../customer/customer.store.js';
import type { CustomerEvent } from '../customer/identity.js';
import type { IdentityWish, MergeCustomers } from '../customer/merge-customers.js';
import type { RequestHeaders } from './agent-requests.js';
import { answering } from './answering.js';
import { customerHeadersSchema, type CustomerEntry } from './customer-schemas.js';

/** Looks at customers, and says which accounts are one. */
export class CustomersApi {
  constructor(
    private readonly store: CustomerStore,
    private readonly identities: MergeCustomers,
    private readonly tokens: readonly ApiToken[],
  ) {}

  /** @throws Problem 404 */
  async read(account: Account): Promise<CustomerEntry> {
    const customer = await answering(this.store.read(account));
    if (!customer) throw noCustomer();
    const { accounts, history } = customer;
    return { ...customer, accounts: [...accounts], history: history.map(toEntry) };
  }

  /** Answers the customer as he is then. @throws Problem 404, 409, 412 or 422 */
  async change(
    account: Account,
    wish: IdentityWish,
    request: { readonly headers: RequestHeaders; readonly body: unknown },
  ): Promise<CustomerEntry> {
    const { 'if-match': seenVersion } = parseRequest(customerHeadersSchema, 'headers', request.headers);
    const route = `${wish.type} customer ${account.botId} ${account.customerId}`;
    const asked = idempotentRequest(this.tokens, route, request);
    const changed = await answering(this.identities.do(wish, { ...asked, account, seenVersion }));
    if (!changed) throw noCustomer();
    return this.read(account);
  }
}

function toEntry(event: CustomerEvent): CustomerEntry['history'][number] {
  if (event.type === 'customer-split') return { ...event, data: { ...event.data, from: [...event.data.from] } };
  return { ...event, data: { accounts: [...event.data.accounts], with: [...event.data.with] } };
}

export function noCustomer(): Problem {
  return new Problem(404, {
    title: 'Not Found',
    detail: 'This bot has no customer with this id.',
    field: 'params.customerId',
    fix: 'Take the customerId of a ticket: GET /v1/tickets?bot=….',
  });
}
