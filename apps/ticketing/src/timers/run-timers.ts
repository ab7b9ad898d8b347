import type { Session, WithSession } from '../store/session.js';
import { TICKET_COLUMNS, ticketOf, type TicketRow } from '../store/ticket-row.js';
import { WITHOUT_UPDATES, writePlan } from '../store/write-plan.js';
import { decideForTimer, type Timer } from '../ticket/decide-for-timer.js';
import { evolve } from '../ticket/evolve.js';
import type { Ticket } from '../ticket/state.js';

/** Tickets that one transaction changes. */
const AT_ONCE = 200;

export interface TimerOptions {
  readonly withSession: WithSession;
  /** How long after their resolution a bot's tickets are closed, milliseconds; null: never. */
  readonly closeAfterMs: (botId: string) => number | null;
  /** Bots for which that differs from those that are not named. */
  readonly bots: () => readonly string[];
  readonly now?: () => Date;
  /** After each commit: there may be something to publish. */
  readonly committed: () => void;
}

const select = (condition: string) => `select ${TICKET_COLUMNS} from ticketing.tickets t where ${condition}`;

/** Others take other tickets; what they have taken is not due any more when it is free again. */
const TAKE = `for update skip locked limit ${AT_ONCE}`;

const DUE = {
  wake: {
    name: 'due-to-wake',
    text: `${select(`status = 'snoozed' and snoozed_until <= $1`)} order by snoozed_until ${TAKE}`,
  },
  close: {
    name: 'due-to-close',
    text: `${select(`status = 'resolved' and resolved_at <= $1::timestamptz - make_interval(secs => coalesce(
        (select seconds from unnest($2::text[], $3::float8[]) as p(bot_id, seconds) where p.bot_id = t.bot_id), $4::float8))`)}
      order by resolved_at ${TAKE}`,
  },
} as const;

/** A thousand years. */
const NEVER_MS = 31_557_600_000_000;

/** Does what only time does, once for each ticket, with any number of instances, and late where nobody ran when it was due. */
export class RunTimers {
  constructor(private readonly options: TimerOptions) {}

  /** Answers the number of tickets changed. */
  async run(timer: Timer): Promise<number> {
    let changed = 0;
    for (;;) {
      const count = await this.options.withSession((session) => this.inTransaction(session, timer));
      changed += count;
      if (count > 0) this.options.committed();
      if (count < AT_ONCE) return changed;
    }
  }

  private async inTransaction(session: Session, timer: Timer): Promise<number> {
    await session.command('begin');
    try {
      const count = await this.change(session, timer);
      await session.command('commit');
      return count;
    } catch (error) {
      // The first error says more than that of a rollback that fails too.
      await session.command('rollback').catch(() => session.discard());
      throw error;
    }
  }

  private async change(session: Session, timer: Timer): Promise<number> {
    const { now = () => new Date(), closeAfterMs } = this.options;
    const occurredAt = now().toISOString();
    const due = await this.due(session, timer, occurredAt);
    const decided = due.map((ticket) => {
      const events = decideForTimer({ timer, occurredAt, closeAfterMs: closeAfterMs(ticket.botId) }, ticket);
      return { events, after: events.reduce(evolve, ticket) };
    });
    const events = decided.flatMap(({ events: made }) => made);
    if (events.length === 0) return 0;
    await writePlan(session, {
      ...WITHOUT_UPDATES,
      events: events.map((event) => ({ event, trace: { traceparent: null, tracestate: null } })),
      tickets: decided.flatMap(({ after }) => (after.status === 'none' ? [] : [after])),
    });
    return events.length;
  }

  private async due(session: Session, timer: Timer, now: string): Promise<readonly Ticket[]> {
    const bots = this.options.bots();
    const seconds = (botId: string) => (this.options.closeAfterMs(botId) ?? NEVER_MS) / 1000;
    const values = timer === 'wake' ? [now] : [now, bots, bots.map(seconds), seconds('')];
    const { rows } = await session.query<TicketRow>(DUE[timer], values);
    return rows.map(ticketOf);
  }
}
