import { HEADERS, topicDeclarations } from '@onceline/contracts';
import { KafkaError, type Kafka } from '@onceline/kafka';
import type { Books } from './books.js';
import { withDatabase, type DatabaseAddress } from './database-client.js';
import { crcOf } from './kafka.js';
import { nameOf } from './keys.js';

/** A topic in which updates wait or come back, and how far its reader has come. */
export interface WaitingTopic {
  readonly topic: string;
  readonly committed: readonly (number | null)[];
  readonly high: readonly number[];
}

const REDELIVERY = 'ticketing.redelivery';
const isRetryTopic = (topic: string) => topic.startsWith('ticketing.retry.');

/** The retry topics that ticketing ever wrote to, whatever its ladder was then; and those that are declared now. */
export async function retryTopics(database: DatabaseAddress): Promise<readonly string[]> {
  return withDatabase(database, async (client) => {
    const { rows } = await client.query<{ topic: string }>('select distinct topic from ticketing.outbox');
    const known = [...rows.map(({ topic }) => topic), ...topicDeclarations().map(({ name }) => name)];
    return [...new Set(known.filter(isRetryTopic))];
  });
}

/** Asked before the tables are read: what its reader had committed by then has left its mark there. */
export async function readWaitingTopics(
  { admin }: Kafka,
  groups: { readonly ticketing: string; readonly retry: string },
  topics: readonly string[],
): Promise<readonly WaitingTopic[]> {
  const read = await Promise.all([...topics, REDELIVERY].map((topic) => readWaitingTopic(admin, groups, topic)));
  return read.filter((topic) => topic !== undefined);
}

async function readWaitingTopic(
  admin: Kafka['admin'],
  groups: { readonly ticketing: string; readonly retry: string },
  topic: string,
): Promise<WaitingTopic | undefined> {
  try {
    const high = (await admin.offsets(topic)).map((range) => range.high);
    const committed = await admin.committed(isRetryTopic(topic) ? groups.retry : groups.ticketing, topic);
    return { topic, high, committed };
  } catch (error) {
    // A ladder that is no longer used may have taken its topic with it; heads that waited there come out without a way forward.
    if (error instanceof KafkaError && error.code === 'topic-mismatch') return undefined;
    throw error;
  }
}

/** Reads what is under way: the records that no reader has committed. */
export async function readUnderWay(kafka: Kafka, topics: readonly WaitingTopic[], books: Books): Promise<void> {
  for (const { topic, committed, high } of topics) {
    await kafka.read(topic, ({ partition, records }) => {
      for (const record of records) {
        const { offset, headers } = record;
        if (offset < (committed[partition] ?? 0)) continue;
        books.waiting.underWay.push({
          ...nameOf(record),
          attempt: Number(headers[HEADERS.attempt] ?? Number.NaN),
          payloadHash: crcOf(record),
          at: `${topic} ${partition}@${offset}`,
          settled: offset < (high[partition] ?? 0),
        });
      }
    });
  }
}
