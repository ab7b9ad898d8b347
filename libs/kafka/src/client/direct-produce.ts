/**
 * One produce request to one broker, beside kafkajs's own sending: that keeps a book of which broker has answered, repeats parts of a
 * call by itself, and resolved although partitions had never been written. Here nothing is repeated and nothing assumed.
 */
import { createRequire } from 'node:module';
import type { Broker } from 'kafkajs';
import { KafkaError } from '../errors.js';
import type { PartitionWrite, TopicPartition, WriteOutcome } from '../wire.js';
import { errorTypes, toKafkaError } from './client-errors.js';
import type { ProduceArguments } from './fast-produce-encoding.js';

const require = createRequire(import.meta.url);

/** What a broker answers about one partition. */
export interface PartitionAnswer {
  readonly partition: number;
  readonly errorCode: number;
  readonly baseOffset: string;
}

/** What a broker answers to one request. */
export interface ProduceAnswer {
  readonly topics: readonly { readonly topicName: string; readonly partitions: readonly PartitionAnswer[] }[];
}

interface Protocol {
  readonly request: object;
  readonly response: { decode(bytes: Buffer): Promise<ProduceAnswer> };
}

/** The calls are there, the types leave them out. */
interface RequestingBroker {
  lookupRequest(apiKey: number, definition: unknown): (args: ProduceArguments) => Protocol;
  readonly connectionPool: { send(protocol: object): Promise<ProduceAnswer> };
  disconnect(): Promise<void>;
}

/** A write of a producer whose records are numbered per partition. */
export interface SequencedWrite extends PartitionWrite {
  readonly firstSequence?: number | undefined;
}

/** How one request is sent. */
export interface RequestOptions {
  readonly timeoutMs: number;
  /** Of a transaction. */
  readonly owner?: Pick<ProduceArguments, 'transactionalId' | 'producerId' | 'producerEpoch'>;
}

const PRODUCE_API_KEY = 0;
const ALL_IN_SYNC = -1;

/** Sends the writes in one request. @throws the client's own error when there is no answer */
export async function requestProduce(
  broker: Broker,
  writes: readonly SequencedWrite[],
  { timeoutMs, owner }: RequestOptions,
): Promise<ProduceAnswer> {
  const requesting = broker as unknown as RequestingBroker;
  const { requests } = require('kafkajs/src/protocol/requests/index.js') as { requests: { Produce: unknown } };
  const make = requesting.lookupRequest(PRODUCE_API_KEY, requests.Produce);
  const { request, response } = make({ ...owner, acks: ALL_IN_SYNC, timeout: timeoutMs, topicData: byTopic(writes) });
  try {
    // kafkajs's own parse throws the first error of any partition, and with it what is known of the others.
    return await requesting.connectionPool.send({
      request,
      response: { decode: (bytes: Buffer) => response.decode(bytes), parse: (answer: ProduceAnswer) => answer },
    });
  } catch (error) {
    if ((error as Error).name === 'KafkaJSConnectionClosedError') await requesting.disconnect();
    throw error;
  }
}

function byTopic(writes: readonly SequencedWrite[]): ProduceArguments['topicData'] {
  const topics = new Map<
    string,
    { topic: string; partitions: ProduceArguments['topicData'][number]['partitions'][number][] }
  >();
  for (const { target, records, firstSequence } of writes) {
    let topic = topics.get(target.topic);
    if (topic === undefined) topics.set(target.topic, (topic = { topic: target.topic, partitions: [] }));
    topic.partitions.push({ partition: target.partition, firstSequence, messages: records });
  }
  return [...topics.values()];
}

/**
 * What became of each write. Only an answer that names the partition once, without an error and with an offset, is a yes. An answer
 * that names what was not asked is about something else: then nothing in it is believed.
 */
export function outcomesOf(writes: readonly PartitionWrite[], { topics }: ProduceAnswer): WriteOutcome[] {
  const asked = new Set(writes.map(({ target }) => nameOf(target)));
  const answers = new Map<string, PartitionAnswer>();
  let foreign: string | undefined;
  for (const { topicName, partitions } of topics) {
    for (const answer of partitions) {
      const name = nameOf({ topic: topicName, partition: answer.partition });
      if (!asked.has(name) || answers.has(name)) foreign ??= name;
      answers.set(name, answer);
    }
  }
  return writes.map(({ target }) => {
    if (foreign !== undefined)
      return unconfirmed(target, `the answer names ${foreign}, which was not asked or is there twice`);
    const answer = answers.get(nameOf(target));
    return answer === undefined ? unconfirmed(target, 'the answer does not name it') : outcomeOf(target, answer);
  });
}

function outcomeOf(target: TopicPartition, { errorCode, baseOffset }: PartitionAnswer): WriteOutcome {
  if (errorCode !== 0) return writeFailure(target, clientError(errorCode));
  const offset = Number(baseOffset);
  if (Number.isSafeInteger(offset) && offset >= 0) return offset;
  return unconfirmed(target, `the answer has no offset but ${baseOffset}`);
}

function unconfirmed(target: TopicPartition, why: string): KafkaError {
  return new KafkaError('unconfirmed', `wrote to ${nameOf(target)}, but ${why}`);
}

function clientError(code: number): unknown {
  const { createErrorFromCode } = require('kafkajs/src/protocol/error.js') as {
    createErrorFromCode: (code: number) => unknown;
  };
  return createErrorFromCode(code);
}

/** Why a write is not known to be there. */
export function writeFailure(target: TopicPartition, error: unknown): KafkaError {
  const doing = `writing to ${nameOf(target)}`;
  // The topic was there when its partitions were counted: a broker that has just started does not know it yet.
  if (errorTypes(error).includes('UNKNOWN_TOPIC_OR_PARTITION')) {
    return new KafkaError('unavailable', `${doing}: the broker does not know the topic`, { cause: error });
  }
  return toKafkaError(error, doing);
}

const nameOf = ({ topic, partition }: TopicPartition) => `${topic}/${partition}`;
