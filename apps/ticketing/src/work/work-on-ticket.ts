import { randomUUID } from 'node:crypto';
import { injectTrace } from '@onceline/kafka';
import { isUniqueViolation } from '@onceline/postgres';
import { transactionVerdict } from '@onceline/retry-policy';
import { Problem, type IdempotentRequest } from '@onceline/service-kit';
import { inTransaction } from '../store/in-transaction.js';
import type { Session, WithSession } from '../store/session.js';
import type { Vault } from '../privacy/vault.js';
import type { TraceContext } from '../store/traced-update.js';
import { writeDecided } from '../store/write-decided.js';
import type { AgentCommand } from '../ticket/commands.js';
import { NO_FIELDS, type FieldDefinitions } from '../ticket/custom-fields.js';
import { decideForAgent, type Refusal } from '../ticket/decide-for-agent.js';
import type { TicketEvent } from '../ticket/events.js';
import type { Ticket } from '../ticket/state.js';
import { runOnce } from './run-once.js';
import { changedMeanwhile } from './versions.js';

/** What an agent's wish came to. */
export interface Worked {
  readonly ticketId: string;
  /** Of the ticket afterwards. */
  readonly version: number;
}

/** What every wish has: its key, who asks for it, and when. */
export type AgentCause = Pick<AgentCommand, 'idempotencyKey' | 'by' | 'occurredAt'>;

/** A wish of an agent, without what everyone has. */
export type AgentWish<Command extends AgentCause = AgentCommand> = Command extends AgentCause
  ? Omit<Command, keyof AgentCause>
  : never;

export interface WorkRequest extends IdempotentRequest {
  /** Finds the ticket, and keeps other agents from it; undefined where there is none. */
  find(session: Session): Promise<Ticket | undefined>;
  /** Version that the agent has seen; undefined where he does not care. */
  readonly seenVersion?: number | undefined;
}

export interface WorkOptions {
  readonly withSession: WithSession;
  /** Seals what agents write. */
  readonly vault: Vault;
  readonly now?: () => Date;
  /** What agents can say of a bot's tickets; nothing where this is left out. */
  readonly fieldsOf?: (botId: string) => FieldDefinitions;
  /** After each commit: there may be something to publish. */
  readonly committed: () => void;
}

/** Tries of a transaction that updates or other agents get in the way of. */
const MAX_TRIES = 5;

/** Does what agents ask for, each in one transaction with its events, its read model and its answer. */
export class WorkOnTicket {
  constructor(private readonly options: WorkOptions) {}

  /** Answers null when no ticket was found. @throws Problem 409, 412 or 422 */
  do(wish: AgentWish, request: WorkRequest): Promise<Worked | null> {
    return this.commit(request, (session, cause) => this.work(session, { ...wish, ...cause }, request));
  }

  /** Once for each key, again when updates or other agents got in the way. @throws Problem 409 or 503 */
  async commit<Done = Worked>(
    request: IdempotentRequest,
    act: (session: Session, cause: AgentCause) => Promise<Done | null>,
  ): Promise<Done | null> {
    for (let tries = 1; ; tries += 1) {
      try {
        const worked = await this.options.withSession((session) =>
          inTransaction(session, () => runOnce(session, request, () => act(session, this.causeOf(request)))),
        );
        this.options.committed();
        return worked;
      } catch (error) {
        if (isUniqueViolation(error, 'one_active_ticket_per_conversation')) throw anotherIsActive(error);
        if (transactionVerdict(error) !== 'conflict') throw error;
        if (tries === MAX_TRIES) throw tooBusy(error);
      }
    }
  }

  private causeOf({ actor, key }: IdempotentRequest): AgentCause {
    const { now = () => new Date() } = this.options;
    return {
      idempotencyKey: `command:${actor}:${key ?? randomUUID()}`,
      by: actor,
      occurredAt: now().toISOString(),
    };
  }

  private async work(session: Session, command: AgentCommand, request: WorkRequest): Promise<Worked | null> {
    const { fieldsOf = () => NO_FIELDS } = this.options;
    const { seenVersion } = request;
    const ticket = await request.find(session);
    if (!ticket) return null;
    if (seenVersion !== undefined && seenVersion !== ticket.version) throw changedMeanwhile('ticket', ticket.version);
    const decision = decideForAgent(command, ticket, fieldsOf(ticket.botId));
    if ('refusal' in decision) throw refused(decision.refusal);
    await this.write(session, [ticket], decision.events);
    return { ticketId: ticket.ticketId, version: decision.events.at(-1)?.version ?? ticket.version };
  }

  /** The events of tickets, and what becomes of each of them. */
  async write(session: Session, before: readonly Ticket[], events: readonly TicketEvent[]): Promise<void> {
    const decided = before.map((ticket) => ({
      ticket,
      events: events.filter(({ ticketId }) => ticketId === ticket.ticketId),
    }));
    await writeDecided(session, decided, { trace: traceOfRequest(), vault: this.options.vault });
  }
}

/** Of the request that is answered now. */
export function traceOfRequest(): TraceContext {
  const { traceparent = null, tracestate = null } = injectTrace({});
  return { traceparent, tracestate };
}

function refused({ field, detail, fix }: Refusal): Problem {
  return new Problem(422, { title: 'Unprocessable Content', detail, field: `body.${field}`, fix });
}

function tooBusy(cause: unknown): Problem {
  const details = {
    title: 'Service Unavailable',
    detail: 'The ticket keeps changing.',
    fix: 'Ask again in a second.',
    headers: { 'retry-after': '1' },
  };
  return new Problem(503, details, { cause });
}

function anotherIsActive(cause: unknown): Problem {
  const details = {
    title: 'Conflict',
    detail: 'Another ticket of this conversation is active.',
    field: 'body.status',
    fix: 'Work on that one: GET /v1/tickets?conversation=… shows it.',
  };
  return new Problem(409, details, { cause });
}
