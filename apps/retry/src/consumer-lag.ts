import type { TopicAdmin } from '@onceline/kafka';
import type { MetricsRegistry } from '@onceline/service-kit';
import { Gauge } from 'prom-client';

/** How far the groups of this service are behind. Asked of the brokers, so that it holds for partitions that nobody has, too. */
export class ConsumerLag {
  private readonly lag;

  constructor(
    private readonly admin: Pick<TopicAdmin, 'offsets' | 'committed'>,
    registry: MetricsRegistry,
  ) {
    this.lag = new Gauge({
      name: 'onceline_retry_consumer_lag_records',
      help: 'Records behind the log end.',
      labelNames: ['topic', 'partition'] as const,
      registers: [registry],
    });
  }

  /** Answers the records of all partitions together. */
  async measure(groupId: string, topic: string): Promise<number> {
    const [ranges, committed] = await Promise.all([this.admin.offsets(topic), this.admin.committed(groupId, topic)]);
    let all = 0;
    ranges.forEach(({ low, high }, partition) => {
      const behind = Math.max(0, high - Math.max(low, committed[partition] ?? low));
      this.lag.set({ topic, partition }, behind);
      all += behind;
    });
    return all;
  }

  /** How far they are behind is not known any more. */
  forget(): void {
    this.lag.reset();
  }
}
