/** How long a group has left a topic unread. */
import type { TopicAdmin } from './port.js';
import type { LogReader } from './wire.js';

/** The time of the first record that lies beyond what the group has committed. One partition after the other: nobody waits for it. */
export async function oldestUnread(
  { admin, reader }: { admin: Pick<TopicAdmin, 'offsets' | 'committed'>; reader: Pick<LogReader, 'first'> },
  groupId: string,
  topic: string,
): Promise<number | undefined> {
  const [ranges, committed] = await Promise.all([admin.offsets(topic), admin.committed(groupId, topic)]);
  let oldest: number | undefined;
  for (const [partition, { low, high: end }] of ranges.entries()) {
    const from = Math.max(low, committed[partition] ?? low);
    const first = await reader.first({ topic, partition, from, end });
    if (first !== undefined && first.timestamp < (oldest ?? Infinity)) oldest = first.timestamp;
  }
  return oldest;
}
