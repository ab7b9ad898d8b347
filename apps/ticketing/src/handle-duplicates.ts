import type { BatchOutcome, RecordBatch } from '@onceline/kafka';
import { transactionVerdict } from '@onceline/retry-policy';
import type { ConsumerGate } from './stopping/consumer-gate.js';
import { recordDuplicates, type RefusedDuplicate } from './store/record-duplicates.js';
import type { WithSession } from './store/session.js';

export interface HandleDuplicatesOptions {
  readonly withSession: WithSession;
  readonly gate: Pick<ConsumerGate, 'restMs' | 'answered' | 'failed'>;
  readonly observer: {
    /** @param malformed records set aside, because they could not be read or the database refused them */
    duplicatesRecorded(recorded: number, malformed: number): void;
    duplicateRefused(refused: RefusedDuplicate): void;
    paused(error: unknown, afterMs: number): void;
  };
}

/** Stores the copies that dedupe refused beside the update they repeat. */
export class HandleDuplicates {
  constructor(private readonly options: HandleDuplicatesOptions) {}

  async handle(batches: readonly RecordBatch[]): Promise<BatchOutcome> {
    const { withSession, gate, observer } = this.options;
    const restMs = gate.restMs();
    if (restMs > 0) return { settle: 'redeliver', afterMs: restMs };
    try {
      const { recorded, malformed, refused } = await recordDuplicates(
        withSession,
        batches.flatMap(({ records }) => records),
      );
      gate.answered();
      observer.duplicatesRecorded(recorded, malformed + refused.length);
      for (const one of refused) observer.duplicateRefused(one);
      return { settle: 'commit' };
    } catch (error) {
      if (transactionVerdict(error) === 'defect') throw error;
      const afterMs = gate.failed('database unavailable');
      observer.paused(error, afterMs);
      return { settle: 'redeliver', afterMs };
    }
  }
}
