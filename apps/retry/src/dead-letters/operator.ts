import { isSerializationConflict, isUnavailable, type Postgres } from '@onceline/postgres';
import { Problem, type IdempotentRequest } from '@onceline/service-kit';
import { readAuditTrail } from './audit-trail.js';
import { cancelRedrive, noSuchRedrive } from './cancel-redrive.js';
import type { DeadLetterSource } from './dead-letter.js';
import { discard } from './discard.js';
import { once } from './idempotent-requests.js';
import { readDeadLetter, readDeadLetters } from './read-dead-letters.js';
import { readGroups } from './read-groups.js';
import { readRedrive, readRedrives } from './read-redrives.js';
import { rehearse } from './rehearse.js';
import type {
  AuditPage,
  DeadLetterDetails,
  DeadLettersPage,
  Discarded,
  DiscardBody,
  DryRun,
  GroupsPage,
  ListQuery,
  Redrive,
  RedriveBody,
  RedrivesPage,
} from './schemas.js';
import { selectionOf, startRedrive, type StartedRedrive } from './start-redrive.js';
import { TicketingError, type TicketingClient } from './ticketing-client.js';

export interface OperatorOptions {
  readonly postgres: Pick<Postgres, 'query' | 'transaction'>;
  readonly ticketing: Pick<TicketingClient, 'rehearse'>;
  readonly sources: readonly DeadLetterSource[];
  /** Something was decided that the background work should take up now. */
  readonly wake: () => void;
}

interface Page {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

const CONFLICT_TRIES = 3;

/** What an operator can see and do, with what is away as an answer instead of a failure. */
export class Operator {
  constructor(private readonly options: OperatorOptions) {}

  list(query: ListQuery): Promise<DeadLettersPage> {
    return answering(() => readDeadLetters(this.options.postgres, query));
  }

  one(id: string): Promise<DeadLetterDetails | undefined> {
    return answering(() => readDeadLetter(this.options.postgres, id));
  }

  groups(query: ListQuery): Promise<GroupsPage> {
    return answering(() => readGroups(this.options.postgres, query));
  }

  redrives(page: Page): Promise<RedrivesPage> {
    return answering(() => readRedrives(this.options.postgres, page));
  }

  async redrive(id: string): Promise<Redrive> {
    const redrive = await answering(() => readRedrive(this.options.postgres, id));
    if (!redrive) throw noSuchRedrive();
    return redrive;
  }

  auditTrail(page: Page): Promise<AuditPage> {
    return answering(() => readAuditTrail(this.options.postgres, page));
  }

  rehearse(body: RedriveBody): Promise<DryRun> {
    const { postgres, sources, ticketing } = this.options;
    return answering(() => rehearse(postgres, body, { sources, ticketing }));
  }

  async startRedrive(
    body: RedriveBody,
    request: IdempotentRequest,
  ): Promise<Redrive & Pick<StartedRedrive, 'skipped'>> {
    const { postgres, sources, wake } = this.options;
    const order = { body, actor: request.actor };
    const { id, skipped } = await answering(() =>
      once(postgres, request, (queries) => startRedrive(queries, order, sources)),
    );
    wake();
    return { ...(await this.redrive(id)), skipped };
  }

  async cancel(id: string, reason: string, request: IdempotentRequest): Promise<Redrive> {
    const { postgres } = this.options;
    const { actor } = request;
    await answering(() => once(postgres, request, (queries) => cancelRedrive(queries, id, { actor, reason })));
    return this.redrive(id);
  }

  async discard(body: DiscardBody, request: IdempotentRequest): Promise<Discarded> {
    const { postgres, sources, wake } = this.options;
    const order = { selection: selectionOf(body), actor: request.actor, reason: body.reason };
    const discarded = await answering(() => once(postgres, request, (queries) => discard(queries, order, sources)));
    wake();
    return discarded;
  }
}

/** Two that got in each other's way begin anew; what is away is said. */
async function answering<Result>(act: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await act();
    } catch (error) {
      if (isSerializationConflict(error) && tries < CONFLICT_TRIES) continue;
      if (error instanceof TicketingError) throw away(error, `${error.message}.`);
      if (!isUnavailable(error)) throw error;
      throw away(error, 'The database is away.');
    }
  }
}

function away(cause: unknown, detail: string): Problem {
  const details = { title: 'Service Unavailable', detail, fix: 'Try again in a few seconds.' };
  return new Problem(503, { ...details, headers: { 'retry-after': '5' } }, { cause });
}
