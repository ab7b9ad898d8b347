import type { Postgres, Queries } from '@onceline/postgres';
import { judgeOutcome, nextCheckMs, type Verdict } from './judge-outcome.js';
import type { TicketingClient } from './ticketing-client.js';

export interface WatchOptions {
  readonly postgres: Pick<Postgres, 'query' | 'transaction'>;
  readonly ticketing: Pick<TicketingClient, 'ledger'>;
  readonly observer: { outcomesSettled(count: number): void; ticketingFailed(error: unknown): void };
}

interface DueItem {
  readonly redriveId: string;
  readonly position: number;
  readonly idempotencyKey: string | null;
  readonly sentAgoMs: number;
}

/** Questions to ticketing at once, and in one round. */
const AT_ONCE = 10;
const ROUND = 200;

/** Finds out what became of redriven records: the ledger knows those that went well. */
export class WatchOutcomes {
  constructor(private readonly options: WatchOptions) {}

  /** Answers whether more may be due already. */
  async settleDue(): Promise<boolean> {
    const due = await takeDue(this.options.postgres);
    for (let index = 0; index < due.length; index += AT_ONCE) {
      const some = due.slice(index, index + AT_ONCE);
      const verdicts = await Promise.all(some.map((item) => this.ask(item)));
      await this.settle(some, verdicts);
    }
    return due.length === ROUND;
  }

  private async ask({ idempotencyKey, sentAgoMs }: DueItem): Promise<Verdict> {
    if (idempotencyKey === null) return judgeOutcome(undefined, sentAgoMs);
    try {
      return judgeOutcome(await this.options.ticketing.ledger(idempotencyKey), sentAgoMs);
    } catch (error) {
      this.options.observer.ticketingFailed(error);
      return { type: 'wait' };
    }
  }

  private async settle(items: readonly DueItem[], verdicts: readonly Verdict[]): Promise<void> {
    const settled = items.flatMap((item, index) => {
      const verdict = verdicts[index];
      return verdict === undefined || verdict.type === 'wait'
        ? []
        : [{ ...item, ...SETTLED[verdict.type], ...verdict }];
    });
    if (settled.length === 0) return;
    await this.options.postgres.transaction((queries) => writeOutcomes(queries, settled));
    this.options.observer.outcomesSettled(settled.length);
  }
}

const SETTLED = {
  redriven: { state: 'redriven', status: 'redriven', ticketId: null, outcome: '' },
  discarded: { state: 'released', status: 'discarded', ticketId: null, outcome: 'discarded' },
  unknown: { state: 'released', status: 'open', ticketId: null, outcome: 'not-in-the-ledger' },
} as const;

/** The next question is put off before this one is asked, so that instances ask about different ones. */
async function takeDue(postgres: Pick<Postgres, 'query' | 'transaction'>): Promise<DueItem[]> {
  return postgres.transaction(async (queries) => {
    const due = await queries.query<DueItem>(
      `select item.redrive_id as "redriveId", item.position, d.idempotency_key as "idempotencyKey",
         (extract(epoch from now() - item.sent_at) * 1000)::float8 as "sentAgoMs"
       from retry.redrive_items item join retry.dead_letters d using (dead_letter_id)
       where item.state = 'sent' and item.check_at <= now()
       order by item.check_at limit ${ROUND} for update of item skip locked`,
    );
    const next = due.map(({ redriveId, position, sentAgoMs }) => ({
      redriveId,
      position,
      afterMs: nextCheckMs(sentAgoMs),
    }));
    await queries.query(
      `update retry.redrive_items item set check_at = now() + next."afterMs" * interval '1 millisecond'
       from json_to_recordset($1::json) as next ("redriveId" text, position int, "afterMs" int)
       where item.redrive_id = next."redriveId" and item.position = next.position`,
      [JSON.stringify(next)],
    );
    return due;
  });
}

async function writeOutcomes(queries: Queries, settled: readonly object[]): Promise<void> {
  await queries.query(
    `with answers as (
       select * from json_to_recordset($1::json) as answer ("redriveId" text, position int, state text, status text,
         outcome text, "ticketId" text)),
     items as (
       update retry.redrive_items item
          set state = answers.state, outcome = answers.outcome, ticket_id = answers."ticketId", settled_at = now()
         from answers
        where item.redrive_id = answers."redriveId" and item.position = answers.position and item.state = 'sent'
       returning item.dead_letter_id, answers.status)
     update retry.dead_letters d set status = items.status from items
      where d.dead_letter_id = items.dead_letter_id and d.status = 'redriving'`,
    [JSON.stringify(settled)],
  );
}
