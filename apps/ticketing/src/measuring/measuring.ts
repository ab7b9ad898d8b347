import { TOPICS } from '@onceline/contracts';
import type { Kafka } from '@onceline/kafka';
import { Measurement, measureUnread } from '@onceline/service-kit';
import type { WithSession } from '../store/session.js';
import type { MeasuredGauges } from './measured-gauges.js';
import { readMeasures, type DatabaseMeasures } from './read-measures.js';

/** What the consumer reads. */
export const CONSUMED = [TOPICS.unique, TOPICS.ticketingRedelivery, TOPICS.duplicates] as const;

export interface MeasuringOptions {
  readonly kafka: Pick<Kafka, 'oldestUnread'>;
  readonly withSession: WithSession;
  readonly groupId: string;
  readonly gauges: MeasuredGauges;
  /** Each time that the database has answered. */
  readonly databaseSeen: (measures: DatabaseMeasures) => void;
  readonly onFailure: (error: unknown) => void;
}

const DATABASE_EVERY_MS = 5000;

/** What waits, in the database and in Kafka. Neither keeps the other from being measured. */
export class Measuring {
  private readonly measurements: readonly Measurement[];

  constructor({ kafka, withSession, groupId, gauges, databaseSeen, onFailure }: MeasuringOptions) {
    this.measurements = [
      new Measurement({
        work: 'database',
        everyMs: DATABASE_EVERY_MS,
        measure: async () => {
          const measures = await withSession(readMeasures);
          gauges.databaseMeasured(measures);
          databaseSeen(measures);
        },
        forget: () => gauges.databaseUnknown(),
        onFailure,
      }),
      measureUnread({
        ...{ kafka, groupId, topics: CONSUMED, onFailure },
        seen: (topic, seconds) => gauges.unreadMeasured(topic, seconds),
        forget: () => gauges.unreadUnknown(),
      }),
    ];
  }

  start(): void {
    for (const measurement of this.measurements) measurement.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.measurements.map((measurement) => measurement.stop()));
  }
}
