import type { Kafka } from '@onceline/kafka';
import { eachOf, Measurement, measureUnread } from '@onceline/service-kit';
import type { ConsumerLag } from '../consumer-lag.js';

export interface MeasureIndexOptions {
  readonly kafka: Pick<Kafka, 'oldestUnread'>;
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly lag: Pick<ConsumerLag, 'measure' | 'forget'>;
  /** For how long the oldest dead letter of a topic has not been indexed. */
  readonly unread: (topic: string, oldestSeconds: number) => void;
  readonly forgetUnread: () => void;
  readonly onFailure: (error: unknown) => void;
}

const LAG_EVERY_MS = 5000;

/** What Kafka has of dead letters and the index has not. */
export function measureIndex({ lag, unread, forgetUnread, ...options }: MeasureIndexOptions): readonly Measurement[] {
  const { groupId, topics, onFailure } = options;
  return [
    new Measurement({
      work: 'lag of the index',
      everyMs: LAG_EVERY_MS,
      measure: () => eachOf(topics, (topic) => lag.measure(groupId, topic)),
      forget: () => lag.forget(),
      onFailure,
    }),
    measureUnread({ ...options, seen: unread, forget: forgetUnread }),
  ];
}
