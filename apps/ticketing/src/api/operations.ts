import { deliveryOf } from '../intake/delivery.js';
import type { ReceivedUpdate } from '../intake/to-command.js';
import type { FaultStore } from '../faults/fault.store.js';
import type { BreakerStore } from '../stopping/breaker.store.js';
import { BEHIND_PARKED } from '../store/plan-batch.js';
import type { Rehearsal, Rehearsed } from '../store/rehearse.js';
import type { WithSession } from '../store/session.js';
import type { TracedUpdate } from '../store/traced-update.js';
import { HEADERS, TOPICS } from '@onceline/contracts';
import type { ConsumedRecord } from '@onceline/kafka';
import { answering } from './answering.js';
import type { RehearsalAnswer, RehearsalBody } from './schemas.js';

const DISCARD = {
  name: 'discard-update',
  text: `update ticketing.ledger set outcome = 'discarded', reason = $2, revision = revision + 1, settled_at = now()
    where idempotency_key = $1 and outcome = 'dead-lettered'`,
};

export interface OperationsOptions {
  readonly withSession: WithSession;
  readonly breaker: BreakerStore;
  /** Undefined where faults cannot be switched on. */
  readonly faults: FaultStore | undefined;
  readonly receive: (record: ConsumedRecord) => ReceivedUpdate;
  rehearse(updates: readonly TracedUpdate[], options: { ordered: boolean }): Promise<Rehearsal>;
}

/** What operators do. */
export class Operations {
  constructor(private readonly options: OperationsOptions) {}

  get faults(): FaultStore | undefined {
    return this.options.faults;
  }

  get breaker(): BreakerStore {
    return this.options.breaker;
  }

  /** Answers whether there was a dead letter to discard. */
  async discard(key: string, reason: string): Promise<boolean> {
    const discarded = this.options.withSession((session) => session.query(DISCARD, [key, reason]));
    return (await answering(discarded)).rowCount > 0;
  }

  /** What redrives would come to, decided and written for real, and undone. */
  async rehearse(body: RehearsalBody): Promise<RehearsalAnswer> {
    const updates = body.updates.map((wanted, index) => this.toUpdate(wanted, index));
    const { results, known } = await answering(this.options.rehearse(updates, { ordered: false }));
    const parked = new Set(known.parked.map(({ conversation }) => conversation));
    return {
      updates: results.map((rehearsed) => {
        const { update } = rehearsed;
        const result = resultOf(rehearsed, known.ledger.get(update.idempotencyKey)?.outcome);
        const waits = parked.has(update.scope) && result.result !== 'not-dead-lettered';
        return {
          idempotencyKey: update.idempotencyKey,
          ...result,
          reason: result.reason ?? (waits ? BEHIND_PARKED : null),
        };
      }),
    };
  }

  /** As a redrive would bring it; nothing else has the id of this one. */
  private toUpdate(wanted: RehearsalBody['updates'][number], index: number): TracedUpdate {
    const headers = {
      ...wanted.headers,
      [HEADERS.idempotencyKey]: wanted.idempotencyKey,
      [HEADERS.attempt]: '0',
      [HEADERS.redriveId]: 'rehearsal',
    };
    const position = { topic: TOPICS.ticketingRedelivery, partition: 0, offset: index, timestamp: Date.now() };
    const record = { ...position, key: wanted.recordKey, value: Buffer.from(wanted.payload, 'base64'), headers };
    return { ...this.options.receive(record), delivery: deliveryOf(record), traceparent: null, tracestate: null };
  }
}

function resultOf(
  { settlement, refused }: Rehearsed,
  outcome: string | undefined,
): Omit<RehearsalAnswer['updates'][number], 'idempotencyKey'> {
  if (outcome !== 'dead-lettered') return { result: 'not-dead-lettered', ticketId: null, reason: outcome ?? null };
  if (refused || !settlement) return { result: 'would-fail', ticketId: null, reason: 'refused-by-database' };
  const { ticketId, reason, failure } = settlement;
  if (failure) return { result: 'would-fail', ticketId: null, reason: failure.code };
  switch (settlement.outcome) {
    case 'ticket-opened':
      return { result: 'would-open', ticketId, reason: null };
    case 'message-appended':
      return { result: 'would-append', ticketId, reason: null };
    case 'message-edited':
      return { result: 'would-edit', ticketId, reason: null };
    case 'staff-replied':
      return { result: 'would-answer', ticketId, reason: null };
    case 'event-recorded':
      return { result: 'would-record', ticketId, reason: null };
    case 'ignored':
      return { result: ticketId === null ? 'would-ignore' : 'has-ticket', ticketId, reason };
    default:
      return { result: 'would-fail', ticketId: null, reason };
  }
}
