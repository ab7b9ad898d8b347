import { KafkaError } from '@onceline/kafka';
import type { OutboxSourceName } from '../metrics.js';
import type { PublishSource, RefusedRow } from './publish-source.js';
import type { Happening, SourceRow } from './source.js';
import { WakeUp } from './wake-up.js';

export interface RelayObserver {
  published(source: OutboxSourceName, count: number, happenings: readonly Happening[]): void;
  /** Set aside in the database: it will never be published by itself. */
  refused(source: OutboxSourceName, row: RefusedRow): void;
  failed(error: unknown): void;
}

/** Commits of other instances, and rows held back by a long transaction, are found by looking. */
const POLL_MS = 200;
const AFTER_FAILURE_MS = 1000;

type Publisher = Pick<PublishSource<SourceRow>, 'name' | 'publishPage'>;

/** Publishes one source while its relay holds the lock. What holds it up, a backlog or a partition that takes nothing, holds up no other. */
export class SourceLoop {
  private readonly wakeUp = new WakeUp();

  constructor(private readonly observer: RelayObserver) {}

  /** Something was committed, or it is over. */
  wake(): void {
    this.wakeUp.wake();
  }

  /** Until it is over; finishes the page in hand. Throws what the database throws. */
  async run(source: Publisher, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const restMs = await this.publish(source, isOver);
      if (!isOver()) await this.wakeUp.rest(restMs);
    }
  }

  /** Kafka being away costs nothing but time: the cursor waits, the lock stays. Answers how long to rest. */
  private async publish(source: Publisher, isOver: () => boolean): Promise<number> {
    try {
      for (let more = true; more && !isOver();) {
        const page = await source.publishPage();
        if (page.published > 0) this.observer.published(source.name, page.published, page.happenings);
        for (const row of page.refused) this.observer.refused(source.name, row);
        more = page.more;
      }
      return POLL_MS;
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      this.observer.failed(error);
      return AFTER_FAILURE_MS;
    }
  }
}
