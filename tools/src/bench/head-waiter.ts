// The simple way to hold records: each partition waits for its first record. The client and the sending are ours, so that the way is compared and nothing else.
import { HEADERS } from '@onceline/contracts';
import { connectKafka, type ConsumedRecord } from '@onceline/kafka';

const [topic = '', target = ''] = (process.env['TWIN_TOPICS'] ?? '').split(',');
const kafka = connectKafka({ brokers: (process.env['KAFKA_BROKERS'] ?? '').split(','), clientId: 'head-waiter' });
const producer = await kafka.producer();

/** No record goes before the one in front of it. */
const heads = new Map<number, number>();
function waitBehind({ partition, headers }: ConsumedRecord): number {
  const due = Math.max(heads.get(partition) ?? 0, Number(headers[HEADERS.dueAt]));
  heads.set(partition, due);
  return due;
}

await kafka.hold({
  groupId: 'head-waiter',
  topics: [topic],
  dueTimesOf: (record) => {
    const due = waitBehind(record);
    return { due, earliestBehind: due };
  },
  forward: async (records) => {
    await Promise.all(
      records.map(({ key, value, headers, partition }) =>
        producer.send(target, { key, value, headers }, { partition }),
      ),
    );
  },
  onFailure: (error) => {
    console.error(error);
    process.exit(1);
  },
});
console.log(JSON.stringify({ msg: 'listening', url: 'kafka' }));
process.once('SIGTERM', () => void kafka.close().finally(() => process.exit(0)));
