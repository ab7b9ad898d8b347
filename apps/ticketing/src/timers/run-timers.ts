import { inTurn } from '../store/in-turn.js';
import type { Session, WithSession } from '../store/session.js';
import { TICKET_COLUMNS, ticketOf, type TicketRow } from '../store/ticket-row.js';
import { throughConflicts } from '../store/through-conflicts.js';
import { writeDecided } from '../store/write-decided.js';
import { decideForTimer, type Timer } from '../ticket/decide-for-timer.js';
import type { Ticket } from '../ticket/state.js';

/** Tickets that one transaction changes; fewer when updates get in the way of some. */
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

const DUE = {
  wake: {
    name: 'due-to-wake',
    text: `select ${TICKET_COLUMNS} from ticketing.tickets where status = 'snoozed' and snoozed_until <= $1
      order by snoozed_until limit $2`,
  },
  close: {
    name: 'due-to-close',
    text: `select ${TICKET_COLUMNS} from ticketing.tickets t where status = 'resolved'
        and resolved_at <= $1::timestamptz - make_interval(secs => coalesce((select seconds
          from unnest($3::text[], $4::float8[]) as p(bot_id, seconds) where p.bot_id = t.bot_id), $5::float8))
      order by resolved_at limit $2`,
  },
} as const;

/** A thousand years. */
const NEVER_MS = 31_557_600_000_000;

/** Does what only time does, once for each ticket, with any number of instances, and late where nobody ran when it was due. */
export class RunTimers {
  constructor(private readonly options: TimerOptions) {}

  /** Answers the number of tickets changed; none while another instance does it. */
  async run(timer: Timer): Promise<number> {
    let changed = 0;
    for (;;) {
      const count = await throughConflicts(AT_ONCE, (most) =>
        inTurn(this.options.withSession, 'timers', (session) => this.change(session, timer, most)),
      );
      changed += count;
      if (count > 0) this.options.committed();
      if (count < AT_ONCE) return changed;
    }
  }

  private async change(session: Session, timer: Timer, most: number): Promise<number> {
    const { now = () => new Date(), closeAfterMs } = this.options;
    const occurredAt = now().toISOString();
    const due = await this.due(session, timer, { now: occurredAt, most });
    return writeDecided(
      session,
      due.map((ticket) => ({
        ticket,
        events: decideForTimer({ timer, occurredAt, closeAfterMs: closeAfterMs(ticket.botId) }, ticket),
      })),
    );
  }

  private async due(
    session: Session,
    timer: Timer,
    { now, most }: { now: string; most: number },
  ): Promise<readonly Ticket[]> {
    const bots = this.options.bots();
    const seconds = (botId: string) => (this.options.closeAfterMs(botId) ?? NEVER_MS) / 1000;
    const values = timer === 'wake' ? [now, most] : [now, most, bots, bots.map(seconds), seconds('')];
    const { rows } = await session.query<TicketRow>(DUE[timer], values);
    return rows.map(ticketOf);
  }
}
