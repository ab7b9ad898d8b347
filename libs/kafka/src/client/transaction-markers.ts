/**
 * Markers written by hand: the two requests with which Kafka's own tools end a hanging transaction. A transaction of the producer that
 * covers the same partitions would end it too, but if that one is interrupted it is aborted, and takes along what was committed.
 * Neither is known to kafkajs; both are in the flexible encoding.
 */
import type { Broker } from 'kafkajs';
import { createRequire } from 'node:module';
import { KafkaError } from '../errors.js';
import type { TopicPartition } from '../wire.js';
import { CompactReader, CompactWriter } from './compact-encoding.js';

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
  const body = new CompactWriter().array([topic], (writer, name) =>
    writer
      .string(name)
      .array([partition], (inner, index) => inner.int32(index))
      .noTags(),
  );
  const reader = await send(leader, DESCRIBE_PRODUCERS, body.noTags());
  reader.int32(); // throttle time
  const found: ProducerState[] = [];
  reader.array(() => {
    reader.string();
    reader.array(() => {
      reader.int32();
      const code = reader.int16();
      reader.string();
      reader.array(() => {
        const [producerId, producerEpoch] = [reader.int64(), reader.int32()];
        reader.int32(); // last sequence
        reader.int64(); // last timestamp
        const [coordinatorEpoch, openFrom] = [reader.int32(), reader.int64()];
        reader.tags();
        found.push({ topic, partition, producerId, producerEpoch, coordinatorEpoch, openFrom });
      });
      reader.tags();
      if (code !== 0) throw clientError(code);
    });
    reader.tags();
  });
  return found;
}

/** Writes one marker. @throws the client's own error */
export async function writeMarker(leader: Broker, marker: Marker, commit: boolean): Promise<void> {
  const { topic, partition, producerId, producerEpoch, coordinatorEpoch } = marker;
  const body = new CompactWriter().array([marker], (writer) =>
    writer
      .int64(producerId)
      .int16(producerEpoch)
      .int8(commit ? 1 : 0)
      .array([topic], (inner, name) =>
        inner
          .string(name)
          .array([partition], (indexes, index) => indexes.int32(index))
          .noTags(),
      )
      .int32(coordinatorEpoch)
      .noTags(),
  );
  const reader = await send(leader, WRITE_TXN_MARKERS, body.noTags());
  let answers = 0;
  reader.array(() => {
    reader.int64();
    reader.array(() => {
      reader.string();
      reader.array(() => {
        reader.int32();
        const code = reader.int16();
        reader.tags();
        if (code !== 0) throw clientError(code);
        answers++;
      });
      reader.tags();
    });
    reader.tags();
  });
  if (answers !== 1) throw new KafkaError('unconfirmed', `no answer about the marker for ${topic}/${partition}`);
}

interface SendingBroker {
  readonly connectionPool: { send(protocol: object): Promise<CompactReader> };
}

async function send(broker: Broker, api: object, body: CompactWriter): Promise<CompactReader> {
  const Encoder = require('kafkajs/src/protocol/encoder.js') as new () => { writeBufferInternal(bytes: Buffer): void };
  return (broker as unknown as SendingBroker).connectionPool.send({
    request: {
      ...api,
      encode: () => {
        const encoder = new Encoder();
        // The tags of the header, which kafkajs's own header leaves out.
        encoder.writeBufferInternal(Buffer.concat([Buffer.of(0), body.bytes()]));
        return Promise.resolve(encoder);
      },
    },
    response: {
      decode: (bytes: Buffer) => {
        const reader = new CompactReader(bytes);
        reader.tags();
        return Promise.resolve(reader);
      },
      parse: (reader: CompactReader) => reader,
    },
  });
}

function clientError(code: number): Error {
  const { createErrorFromCode } = require('kafkajs/src/protocol/error.js') as {
    createErrorFromCode: (code: number) => Error;
  };
  return createErrorFromCode(code);
}
