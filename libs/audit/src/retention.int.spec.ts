/** The audit on topics of which retention has emptied one partition. */
import { HEADERS, TOPICS, encodeSeenRecord, topicDeclarations } from '@onceline/contracts';
import { connectKafka, partitionFor, type BatchingProducer, type Kafka } from '@onceline/kafka';
import kafkajs from 'kafkajs';
import { BOT } from './hands.spec.js';
import { Books } from './books.js';
import { readBounds, readTopics } from './kafka.js';
import { checkBooks } from './report.js';
import { messageUpdate, rawRecord, releaseStack, uniqueRecord, useStack } from '@onceline/testing';

const PARTITIONS = 3;
const TICKET = 't';
const receivedAt = new Date();

let brokers: string[];
let kafka: Kafka;
let producer: BatchingProducer;

beforeAll(async () => {
  const stack = await useStack();
  brokers = [...stack.kafka.brokers];
  kafka = connectKafka({ brokers, clientId: 'checker-retention-spec' });
  await kafka.admin.createMissing(topicDeclarations({ partitions: PARTITIONS }), { replicationFactor: 1 });
  producer = await kafka.producer();
});

afterAll(async () => {
  await producer?.close();
  await kafka?.close();
  await releaseStack();
});

async function empty(topic: string, partition: number): Promise<void> {
  const old = { key: 'old', value: Buffer.from('{}'), headers: { [HEADERS.eventId]: 'old.1' } };
  await producer.send(topic, old, { partition });
  const admin = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  // The client deletes only in topics it has heard of, and only this question makes it listen.
  await admin.fetchTopicOffsets(topic);
  await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: '-1' }] });
  await admin.disconnect();
}

/** One update, in raw, unique and seen as it should be, which failed for good: neither its letter nor its ticket's event is anywhere. */
async function loseBoth(): Promise<{ key: string; partition: number }> {
  const bytes = messageUpdate({ updateId: 1, chatId: 5 });
  const key = `tg1:${BOT}:message:5:1:1`;
  const first = await producer.send(TOPICS.raw, rawRecord(BOT, bytes, receivedAt));
  const at = { partition: first.partition };
  await producer.send(TOPICS.unique, uniqueRecord(BOT, bytes, receivedAt), at);
  const seen = encodeSeenRecord({ payloadHash: '0'.repeat(16), firstOffset: first.offset, firstSeenAt: Date.now() });
  await producer.send(TOPICS.seen, { key, value: seen }, at);
  return { key, ...at };
}

test('a lost dead letter and a lost event stay missing, until their own partitions have been emptied', async () => {
  const { key, partition } = await loseBoth();
  const ofEvents = partitionFor(TICKET, PARTITIONS);
  const audit = async () => {
    const books = new Books();
    books.bounds = await readBounds(kafka, { dedupe: 'none', ticketing: 'none', retry: 'none' });
    const [recordedAt, ticketId] = [receivedAt.getTime(), TICKET];
    const position = { partition, offset: 0, receivedAt: recordedAt };
    books.addLedgerRow({ key, outcome: 'dead-lettered', ticketId, ...position, attempts: 1, redriveId: null });
    const event = { ticketId, version: 1, key, eventId: 't.1', recordedAt, payloadHash: 1 };
    books.addEvent({ ...event, isMessage: false, relayed: true });
    books.addTicket(TICKET);
    await readTopics(kafka, books);
    const { balanced, missing } = checkBooks(books);
    return { balanced, missing };
  };
  const lost = { balanced: false, missing: [key] };
  expect(await audit()).toEqual(lost);
  for (let other = 0; other < PARTITIONS; other += 1) {
    if (other !== ofEvents) await empty(TOPICS.ticketEvents, other);
    if (other !== partition) await empty(TOPICS.ticketingDeadLetter, other);
  }
  expect(await audit()).toEqual(lost);
  await empty(TOPICS.ticketEvents, ofEvents);
  expect(await audit()).toEqual(lost);
  await empty(TOPICS.ticketingDeadLetter, partition);
  expect(await audit()).toEqual({ balanced: true, missing: [] });
});
