import type { Kafka } from '@onceline/kafka';
import { eachOf, Measurement } from './measurement.js';

/** Whose backlog, and who is told how old it is. */
export interface UnreadOptions {
  readonly kafka: Pick<Kafka, 'oldestUnread'>;
  readonly groupId: string;
  readonly topics: readonly string[];
  /** 0 seconds: everything is settled. */
  readonly seen: (topic: string, oldestSeconds: number) => void;
  /** Nothing is known of any topic any more. */
  readonly forget: () => void;
  /** Nothing new is known of some topics. */
  readonly onFailure: (error: unknown) => void;
}

/** A look costs one fetch for each partition that is behind, and nobody pages on seconds. */
const EVERY_MS = 10_000;

/**
 * Measures how long the oldest record of each topic has waited for a group, from outside the group: what is in a partition that
 * nobody holds, or waits for a consumer that rests, counts like any other.
 */
export function measureUnread({ kafka, groupId, topics, seen, forget, onFailure }: UnreadOptions): Measurement {
  return new Measurement({
    work: `unread by ${groupId}`,
    everyMs: EVERY_MS,
    measure: () =>
      eachOf(topics, async (topic) => {
        const oldest = await kafka.oldestUnread(groupId, topic);
        seen(topic, oldest === undefined ? 0 : Math.max(0, Date.now() - oldest) / 1000);
      }),
    forget,
    onFailure,
  });
}
