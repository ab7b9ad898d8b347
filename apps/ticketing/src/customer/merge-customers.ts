import { Problem, type IdempotentRequest } from '@onceline/service-kit';
import { holdTurn } from '../store/in-turn.js';
import type { Session } from '../store/session.js';
import { changedMeanwhile } from '../work/versions.js';
import type { AgentCause, WorkOnTicket } from '../work/work-on-ticket.js';
import { appendChange, isKnown, readCustomer, type Account } from './customer.store.js';
import { decideMerge, decideSplit, type IdentityDecision, type IdentityRefusal } from './identity.js';

/** What agents say of an account: that the holder of another one is the same person, or that it belongs to no other. */
export type IdentityWish = { readonly type: 'merge'; readonly with: string } | { readonly type: 'split' };

export interface IdentityRequest extends IdempotentRequest {
  readonly account: Account;
  /** Version that the agent has seen; undefined where he does not care. */
  readonly seenVersion?: number | undefined;
}

/** Records which accounts are one customer. Tickets and conversations stay as they are, and so does what becomes of updates. */
export class MergeCustomers {
  constructor(private readonly work: Pick<WorkOnTicket, 'commit'>) {}

  /** Answers null when the bot has never had to do with him. @throws Problem 409, 412 or 422 */
  do(wish: IdentityWish, request: IdentityRequest): Promise<{ readonly version: number } | null> {
    return this.work.commit(request, (session, cause) => change(session, wish, { ...request, cause }));
  }
}

async function change(
  session: Session,
  wish: IdentityWish,
  { account, seenVersion, cause }: IdentityRequest & { readonly cause: AgentCause },
): Promise<{ readonly version: number } | null> {
  // One after the other for each bot: two merges crosswise would not see each other.
  await holdTurn(session, `customers.${account.botId}`);
  if (!(await isKnown(session, account))) return null;
  const customer = await readCustomer(session, account);
  if (seenVersion !== undefined && seenVersion !== customer.version)
    throw changedMeanwhile('customer', customer.version);
  const decision =
    wish.type === 'split'
      ? decideSplit(customer, account.customerId)
      : await decideWith(session, account, { customer, otherId: wish.with });
  const field = wish.type === 'split' ? 'params.customerId' : 'body.with';
  if ('refusal' in decision) throw refused(decision.refusal, field);
  return { version: await appendChange(session, account.botId, decision.change, cause) };
}

async function decideWith(
  session: Session,
  { botId, customerId }: Account,
  { customer, otherId }: { readonly customer: Parameters<typeof decideMerge>[0]; readonly otherId: string },
): Promise<IdentityDecision> {
  const other = { botId, customerId: otherId };
  if (!(await isKnown(session, other))) return { refusal: NOT_KNOWN };
  return decideMerge(customer, await readCustomer(session, other), { account: customerId, with: otherId });
}

const NOT_KNOWN: IdentityRefusal = {
  ...{
    because: 'choice',
    detail: 'This bot has no customer with this id; those of other bots cannot be merged with its own.',
  },
  fix: 'Take the customerId of a ticket: GET /v1/tickets?bot=….',
};

function refused({ because, detail, fix }: IdentityRefusal, field: string): Problem {
  if (because === 'choice') return new Problem(422, { title: 'Unprocessable Content', detail, field, fix });
  return new Problem(409, { title: 'Conflict', detail, field, fix });
}
