import type { Postgres } from '@onceline/postgres';
import { judgeOutcome } from './judge-outcome.js';
import { TicketingError, type TicketingClient } from './ticketing-client.js';

export interface TellOptions {
  readonly postgres: Pick<Postgres, 'query' | 'transaction'>;
  readonly ticketing: Pick<TicketingClient, 'discard' | 'ledger'>;
  readonly observer: {
    /** The update's outcome is now that it is discarded. */
    ledgerTold(notice: Notice): void;
    /** The update has an outcome after all, and the dead letter follows it. */
    discardOvertaken(deadLetterId: string, outcome: string): void;
    ticketingFailed(error: unknown): void;
  };
}

/** What the ledger is to hear of a dead letter. */
export interface Notice {
  readonly id: string;
  readonly key: string;
  readonly reason: string;
  readonly traceId: string | null;
}

const AT_ONCE = 10;
const ROUND = 200;
const CONFLICT = 409;

/** Tells the ledger of discards until it has heard; telling it twice changes nothing. */
export class TellLedger {
  constructor(private readonly options: TellOptions) {}

  /** Answers whether more may be due already. */
  async tellDue(): Promise<boolean> {
    const due = await this.takeDue();
    for (let index = 0; index < due.length; index += AT_ONCE) {
      await Promise.all(due.slice(index, index + AT_ONCE).map((notice) => this.tell(notice)));
    }
    return due.length === ROUND;
  }

  private takeDue(): Promise<Notice[]> {
    return this.options.postgres.query<Notice>(
      `update retry.ledger_notices set tries = tries + 1,
         next_try_at = now() + least(30, power(2, tries)) * interval '1 second'
       where dead_letter_id in (
         select dead_letter_id from retry.ledger_notices where told_at is null and next_try_at <= now()
         order by next_try_at limit ${ROUND} for update skip locked)
       returning dead_letter_id as id, idempotency_key as key, reason,
         (select trace_id from retry.dead_letters d where d.dead_letter_id = ledger_notices.dead_letter_id) as "traceId"`,
    );
  }

  private async tell(notice: Notice): Promise<void> {
    const { ticketing, observer } = this.options;
    try {
      const { status, isFinal, words } = await ticketing.discard(notice.key, notice.reason);
      if (status === CONFLICT) return await this.follow(notice, words);
      await this.note(notice, words, isFinal);
      if (isFinal) observer.ledgerTold(notice);
      else observer.ticketingFailed(new TicketingError(`ticketing answers ${words} to a discard`, { status }));
    } catch (error) {
      observer.ticketingFailed(error);
    }
  }

  /**
   * The ledger has another outcome than a dead letter: a redrive that was cancelled had left, and its record arrived. What it came to
   * counts, here too; while it is being tried, the discard waits.
   */
  private async follow(notice: Notice, words: string): Promise<void> {
    const { ticketing, observer } = this.options;
    const verdict = judgeOutcome(await ticketing.ledger(notice.key), Infinity);
    await this.note(notice, words, verdict.type !== 'wait');
    if (verdict.type !== 'redriven') return;
    await this.options.postgres.query(
      `update retry.dead_letters set status = 'redriven' where dead_letter_id = $1 and status = 'discarded'`,
      [notice.id],
    );
    observer.discardOvertaken(notice.id, verdict.outcome);
  }

  private async note({ id }: Notice, words: string, isTold: boolean): Promise<void> {
    await this.options.postgres.query(
      `update retry.ledger_notices set answer = $2, told_at = case when $3 then now() end where dead_letter_id = $1`,
      [id, words, isTold],
    );
  }
}
