import { contextOf, KafkaError, sendInSpan, type BatchingProducer } from '@onceline/kafka';
import type { Postgres, Queries } from '@onceline/postgres';
import { recordDeed } from './audit-trail.js';
import { reopen } from './claim.js';
import type { DeadLetterSource } from './dead-letter.js';
import { redriveRecord, redrivesBefore, type Redrivable } from './redrive-record.js';
import { nextStep, pace, type NextStep, type StageCount } from './redrive-stages.js';

export interface SendOptions {
  readonly postgres: Pick<Postgres, 'query' | 'transaction'>;
  readonly producer: Pick<BatchingProducer, 'send'>;
  readonly sources: readonly DeadLetterSource[];
  readonly observer: {
    redriveSent(redriveId: string, records: number): void;
    redriveSendFailed(redriveId: string, error: unknown): void;
    redriveEnded(redriveId: string, state: 'finished' | 'stopped', note: string | null): void;
  };
}

interface RunningRow {
  redrive_id: string;
  rate: number;
  stage_ends: number[];
  now: Date;
  paced_until: Date;
}

interface ItemRow extends Redrivable {
  readonly position: number;
  readonly id: string;
  readonly consumer: string;
  readonly partition: number;
}

/** Records that the broker does not take, however often they are sent. */
const REFUSED_CODES = ['record-too-large'];
const SYSTEM = 'retry';

/**
 * Sends what redrives have taken. One burst is one transaction that holds the redrive's row, so that instances, cancels and
 * bursts follow each other. The broker's acknowledgement comes before the commit: after a crash between the two a burst goes
 * out twice, and the consumer knows a second copy by the redrive's id.
 */
export class SendRedrives {
  constructor(private readonly options: SendOptions) {}

  /** One burst of each running redrive; answers the milliseconds after which it makes sense to come again. */
  async sendDue(): Promise<number> {
    const { postgres } = this.options;
    const running = await postgres.query<{ id: string }>(
      `select redrive_id as id from retry.redrives where state = 'running' order by created_at`,
    );
    let afterMs = IDLE_MS;
    for (const { id } of running) afterMs = Math.min(afterMs, await this.sendBurst(id));
    return afterMs;
  }

  private sendBurst(id: string): Promise<number> {
    return this.options.postgres.transaction(async (queries) => {
      const [redrive] = await queries.query<RunningRow>(
        `select redrive_id, rate, stage_ends, paced_until, clock_timestamp() as now from retry.redrives
         where redrive_id = $1 and state = 'running' for update skip locked`,
        [id],
      );
      if (!redrive) return IDLE_MS;
      const step = nextStep(await countStages(queries, id), redrive.stage_ends.length);
      if (step.type === 'send') return this.send(queries, redrive, step.stage);
      if (step.type === 'wait') return SOON_MS;
      await this.end(queries, redrive, step);
      return SOON_MS;
    });
  }

  private async send(queries: Queries, redrive: RunningRow, stage: number): Promise<number> {
    const now = redrive.now.getTime();
    const burst = pace(redrive.rate, now, redrive.paced_until.getTime());
    const untilNext = Math.max(1, burst.pacedUntil - now);
    if (burst.count === 0) return untilNext;
    const items = await queries.query<ItemRow>(
      `select item.position, d.dead_letter_id as id, d.consumer, d.partition, d.record_key as key,
         coalesce(item.payload, d.payload) as payload, d.headers, ${redrivesBefore('d', 'item.redrive_id')} as "redrivesBefore"
       from retry.redrive_items item join retry.dead_letters d using (dead_letter_id)
       where redrive_id = $1 and state = 'claimed' and stage = $2 order by position limit $3`,
      [redrive.redrive_id, stage, burst.count],
    );
    const results = await Promise.allSettled(items.map((item) => this.sendOne(redrive.redrive_id, item)));
    const sent = items.filter((_, index) => results[index]?.status === 'fulfilled');
    const refused = items.filter((_, index) => isRefused(results[index]));
    await markSent(queries, redrive.redrive_id, sent);
    await releaseRefused(queries, redrive.redrive_id, refused);
    const pacedUntil = new Date(burst.pacedUntil);
    await queries.query(`update retry.redrives set paced_until = $2 where redrive_id = $1`, [
      redrive.redrive_id,
      pacedUntil,
    ]);
    this.options.observer.redriveSent(redrive.redrive_id, sent.length);
    const failure = results.find((result) => result.status === 'rejected');
    if (failure) this.options.observer.redriveSendFailed(redrive.redrive_id, failure.reason);
    // What could not be sent is still claimed: the next burst takes it.
    return sent.length + refused.length === items.length ? untilNext : PRODUCER_REST_MS;
  }

  private async sendOne(redriveId: string, item: ItemRow): Promise<void> {
    const topic = this.options.sources.find(({ consumer }) => consumer === item.consumer)?.redelivery;
    if (topic === undefined) throw new Error(`${item.consumer} has no redelivery topic`);
    const record = redriveRecord(item, redriveId);
    const attributes = { 'onceline.redrive.id': redriveId, 'onceline.dead_letter.id': item.id };
    const join = contextOf(record.headers ?? {});
    await sendInSpan({ topic, record }, { join, attributes }, (traced) =>
      this.options.producer.send(topic, traced, item),
    );
  }

  private async end(queries: Queries, redrive: RunningRow, step: NextStep): Promise<void> {
    const id = redrive.redrive_id;
    const state = step.type === 'stop' ? 'stopped' : 'finished';
    const note = step.type === 'stop' ? await stopNote(queries, id, step.stage) : null;
    await queries.query(`update retry.redrives set state = $2, note = $3, finished_at = now() where redrive_id = $1`, [
      id,
      state,
      note,
    ]);
    if (note !== null) {
      const deadLetterIds = await reopen(queries, id);
      await recordDeed(queries, { action: 'stop', actor: SYSTEM, reason: note, redriveId: id, deadLetterIds });
    }
    this.options.observer.redriveEnded(id, state, note);
  }
}

/** Milliseconds between looks while nothing runs, and while outcomes are waited for. */
const IDLE_MS = 1000;
const SOON_MS = 200;
const PRODUCER_REST_MS = 1000;

function countStages(queries: Queries, id: string): Promise<StageCount[]> {
  return queries.query<StageCount>(
    `select stage, count(*) filter (where state = 'claimed')::int as waiting,
       count(*) filter (where state = 'sent')::int as "inFlight",
       count(*) filter (where state = 'failed-again')::int as "failedAgain"
     from retry.redrive_items where redrive_id = $1 group by stage`,
    [id],
  );
}

/** Says whether it is the old cause that came back, or another one that it hid. */
async function stopNote(queries: Queries, id: string, stage: number): Promise<string> {
  const [row] = await queries.query<{ failed: number; sent: number; same: number }>(
    `select count(*) filter (where item.state = 'failed-again')::int as failed,
       count(*) filter (where item.state in ('sent', 'redriven', 'failed-again'))::int as sent,
       count(*) filter (where item.state = 'failed-again' and exists (
         select from retry.dead_letters again where again.idempotency_key = original.idempotency_key
           and again.came_from_redrive = item.redrive_id and again.cause = original.cause))::int as same
     from retry.redrive_items item join retry.dead_letters original using (dead_letter_id)
     where item.redrive_id = $1 and item.stage <= $2`,
    [id, stage],
  );
  const { failed = 0, sent = 0, same = 0 } = row ?? {};
  const cause = same === failed ? 'the same cause' : same === 0 ? 'another cause' : `the same cause in ${same}`;
  return `canary stage ${stage + 1}: ${failed} of ${sent} failed again, ${cause}; the rest stays open`;
}

async function markSent(queries: Queries, id: string, items: readonly ItemRow[]): Promise<void> {
  await queries.query(
    `update retry.redrive_items set state = 'sent', sent_at = now(), check_at = now()
     where redrive_id = $1 and state = 'claimed' and position = any($2::int[])`,
    [id, items.map(({ position }) => position)],
  );
}

async function releaseRefused(queries: Queries, id: string, items: readonly ItemRow[]): Promise<void> {
  if (items.length === 0) return;
  await queries.query(
    `with released as (
       update retry.redrive_items set state = 'released', outcome = 'refused-by-broker', settled_at = now()
       where redrive_id = $1 and position = any($2::int[]) returning dead_letter_id)
     update retry.dead_letters set status = 'open' where dead_letter_id in (select dead_letter_id from released)`,
    [id, items.map(({ position }) => position)],
  );
}

function isRefused(result: PromiseSettledResult<void> | undefined): boolean {
  return (
    result?.status === 'rejected' && result.reason instanceof KafkaError && REFUSED_CODES.includes(result.reason.code)
  );
}
