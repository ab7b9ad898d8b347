/**
 * Markers written by hand: the two requests with which Kafka's own tools end a hanging transaction. A transaction of the producer that
 * covers the same partitions would end it too, but if that one is interrupted it is aborted, and takes along what was committed.
 * Neither is known to kafkajs; both are in the flexible encoding.
 */
import type { Broker } from 'kafkajs';
import { createRequire } from 'node:module';
import { KafkaError } from '../errors.js';
import type { TopicPartition } from '../wire.js';

const require = createRequire(import.meta.url);
const WRITE_TXN_MARKERS = { apiKey: 27, apiVersion: 1, apiName: 'WriteTxnMarkers' };
const DESCRIBE_PRODUCERS = { apiKey: 61, apiVersion: 0, apiName: 'DescribeProducers' };

/** What a partition's leader knows of one producer. */
export interface ProducerState extends TopicPartition {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
  /** First offset of the transaction without an end; -1 when there is none. */
  readonly openFrom: bigint;
}

/** A marker for one partition, in the name of its coordinator. */
export type Marker = Pick<ProducerState, 'topic' | 'partition' | 'producerId' | 'producerEpoch' | 'coordinatorEpoch'>;

/** The producers that a leader knows in a partition. @throws the client's own error */
export async function describeProducers(
  leader: Broker,
  { topic, partition }: TopicPartition,
): Promise<ProducerState[]> {
  const decoder = await send(leader, DESCRIBE_PRODUCERS, (body) =>
    oneTopic(body, topic, partition).writeUVarInt(NO_TAGS),
  );
  decoder.readInt32(); // throttle time
  const found: ProducerState[] = [];
  readPartitions(decoder, () => {
    decoder.readUVarIntString(); // the error in words
    decoder.readUVarIntArray(() => {
      const [producerId, producerEpoch] = [decoder.readInt64(), decoder.readInt32()];
      decoder.readInt32(); // last sequence
      decoder.readInt64(); // last timestamp
      const [coordinatorEpoch, openFrom] = [decoder.readInt32(), decoder.readInt64()];
      decoder.readTaggedFields();
      found.push({ topic, partition, producerId, producerEpoch, coordinatorEpoch, openFrom });
    });
  });
  return found;
}

/** Writes one marker. @throws the client's own error */
export async function writeMarker(leader: Broker, marker: Marker, commit: boolean): Promise<void> {
  const { topic, partition, producerId, producerEpoch, coordinatorEpoch } = marker;
  const decoder = await send(leader, WRITE_TXN_MARKERS, (body) => {
    body.writeUVarInt(ONE_ITEM).writeInt64(producerId).writeInt16(producerEpoch).writeBoolean(commit);
    oneTopic(body, topic, partition).writeInt32(coordinatorEpoch).writeUVarInt(NO_TAGS).writeUVarInt(NO_TAGS);
  });
  let answers = 0;
  decoder.readUVarIntArray(() => {
    decoder.readInt64(); // producer id
    readPartitions(decoder, () => answers++);
    decoder.readTaggedFields();
  });
  if (answers !== 1) throw new KafkaError('unconfirmed', `no answer about the marker for ${topic}/${partition}`);
}

/** A compact array says one more than its length. */
const ONE_ITEM = 2;
const NO_TAGS = 0;

/** kafkajs's own, as far as they are used here. */
interface Encoder {
  writeInt16(value: number): this;
  writeInt32(value: number): this;
  writeInt64(value: bigint): this;
  writeBoolean(value: boolean): this;
  writeUVarInt(value: number): this;
  writeUVarIntString(value: string): this;
}

interface Decoder {
  readInt16(): number;
  readInt32(): number;
  readInt64(): bigint;
  readUVarIntString(): string | null;
  readUVarIntArray(read: () => void): void;
  readTaggedFields(): void;
}

function oneTopic(body: Encoder, topic: string, partition: number): Encoder {
  body.writeUVarInt(ONE_ITEM).writeUVarIntString(topic);
  return body.writeUVarInt(ONE_ITEM).writeInt32(partition).writeUVarInt(NO_TAGS);
}

/** The part that both answers have in common. @throws the client's own error where a partition has one */
function readPartitions(decoder: Decoder, readRest: () => void): void {
  decoder.readUVarIntArray(() => {
    decoder.readUVarIntString();
    decoder.readUVarIntArray(() => {
      decoder.readInt32();
      const code = decoder.readInt16();
      readRest();
      decoder.readTaggedFields();
      if (code !== 0) throw clientError(code);
    });
    decoder.readTaggedFields();
  });
}

interface SendingBroker {
  readonly connectionPool: { send(protocol: object): Promise<Decoder> };
}

async function send(broker: Broker, api: object, write: (body: Encoder) => void): Promise<Decoder> {
  const NewEncoder = require('kafkajs/src/protocol/encoder.js') as new () => Encoder;
  const NewDecoder = require('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => Decoder;
  return (broker as unknown as SendingBroker).connectionPool.send({
    request: {
      ...api,
      encode: () => {
        const body = new NewEncoder();
        // The tags of the header, which kafkajs's own header leaves out.
        body.writeUVarInt(NO_TAGS);
        write(body);
        return Promise.resolve(body);
      },
    },
    response: {
      decode: (bytes: Buffer) => {
        const decoder = new NewDecoder(bytes);
        decoder.readTaggedFields();
        return Promise.resolve(decoder);
      },
      parse: (decoder: Decoder) => decoder,
    },
  });
}

function clientError(code: number): Error {
  const { createErrorFromCode } = require('kafkajs/src/protocol/error.js') as {
    createErrorFromCode: (code: number) => Error;
  };
  return createErrorFromCode(code);
}
