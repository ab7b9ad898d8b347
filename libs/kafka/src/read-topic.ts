/** Reads a whole topic once. */
import type { RecordBatch } from './port.js';
import type { LogReader } from './wire.js';

/** All end offsets are taken first, so that the answer is one moment's, not that of a log running ahead of its reader. */
export async function readTopic(
  reader: LogReader,
  topic: string,
  onBatch: (batch: RecordBatch) => void | Promise<void>,
): Promise<void> {
  const stretches: { partition: number; low: number; end: number }[] = [];
  for (const partition of await reader.partitions(topic))
    stretches.push({ partition, ...(await reader.range({ topic, partition })) });
  for (const { partition, low, end } of stretches) {
    await reader.read({ topic, partition, from: low, end }, (records, nextOffset) =>
      onBatch({ topic, partition, records, nextOffset }),
    );
  }
}
