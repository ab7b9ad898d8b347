/**
 * Two faults of kafkajs 2.2.4, mended at import on its prototypes, and its waste when it encodes (fast-produce-encoding.ts).
 *
 * 1. Every connection re-arms a timer of 1 ms (a negative time-out, which Node 24 also warns about) for ever, although there
 *    is nothing to send: a service with twenty connections burns CPU while idle. The check is needed only while requests wait.
 * 2. The reader filters aborted records with a list that it takes for sorted and walks one entry per record. With several
 *    transactional producers on one partition it then shows aborted records. Here they are marked the way control
 *    records are, which the reader hides and still counts.
 */
import { createRequire } from 'node:module';
import { installFastProduceEncoding } from './fast-produce-encoding.js';

const require = createRequire(import.meta.url);

interface Encoder {
  buf: Buffer;
  offset: number;
  ensureAvailable(more: number): void;
}

interface RequestQueue {
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  pending: unknown[];
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

/** A record as the client decoded it. */
export interface FetchedMessage {
  offset: string;
  timestamp: string;
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, Buffer | Buffer[]>;
  isControlRecord: boolean;
  batchContext: { producerId: string; inTransaction: boolean };
}

/** The part of a fetch answer that matters here. */
export interface FetchedPartition {
  partition: number;
  highWatermark: string;
  lastStableOffset: string;
  abortedTransactions: { producerId: string; firstOffset: string }[];
  messages: FetchedMessage[];
}

interface Broker {
  fetch(request: unknown): Promise<{ responses: { partitions: FetchedPartition[] }[] }>;
}

const BUSY_CHECK_MS = 10;
/** A control record's key is version and type; type 0 is an abort. */
const ABORT_KEY = Buffer.from([0, 0, 0, 0]);

function scheduleOnlyWhenWaiting(this: RequestQueue): void {
  if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
  const throttled = this.throttledUntil - Date.now();
  const delay = throttled > 0 ? throttled : BUSY_CHECK_MS;
  this.throttleCheckTimeoutId = setTimeout(() => {
    this.throttleCheckTimeoutId = null;
    this.checkPendingRequests();
  }, delay);
}

/** Marks the records of aborted transactions, so that the reader hides them and still moves over them. */
export function hideAborted(partition: FetchedPartition): void {
  const starts = (partition.abortedTransactions ?? [])
    .map(({ producerId, firstOffset }) => ({ producerId, firstOffset: Number(firstOffset) }))
    .sort((a, b) => a.firstOffset - b.firstOffset);
  partition.abortedTransactions = [];
  if (starts.length === 0) return;
  const aborting = new Set<string>();
  let next = 0;
  for (const message of partition.messages) {
    const offset = Number(message.offset);
    for (; next < starts.length && starts[next]!.firstOffset <= offset; next++) aborting.add(starts[next]!.producerId);
    const { producerId, inTransaction } = message.batchContext;
    if (message.isControlRecord) {
      if (message.key !== null && ABORT_KEY.equals(message.key)) aborting.delete(producerId);
    } else if (inTransaction && aborting.has(producerId)) message.isControlRecord = true;
  }
}

/** A buffer filled with zeros and then overwritten is filled twice; nothing beyond what was written ever leaves an encoder. */
function growUnfilled(this: Encoder, more: number): void {
  const needed = this.offset + more;
  if (needed <= this.buf.length) return;
  const grown = Buffer.allocUnsafe(2 ** Math.ceil(Math.log2(needed + 1)));
  this.buf.copy(grown, 0, 0, this.offset);
  this.buf = grown;
}

/** Puts all patches in place; safe to call again. */
export function patchClient(): void {
  installFastProduceEncoding();
  const EncoderClass = require('kafkajs/src/protocol/encoder.js') as { prototype: Encoder };
  EncoderClass.prototype.ensureAvailable = growUnfilled;

  const RequestQueueClass = require('kafkajs/src/network/requestQueue/index.js') as { prototype: RequestQueue };
  RequestQueueClass.prototype.scheduleCheckPendingRequests = scheduleOnlyWhenWaiting;

  const BrokerClass = require('kafkajs/src/broker/index.js') as { prototype: Broker & { patched?: true } };
  if (BrokerClass.prototype.patched) return;
  BrokerClass.prototype.patched = true;
  // The method is called with its broker as `this` below.
  // eslint-disable-next-line @typescript-eslint/unbound-method
  const fetch = BrokerClass.prototype.fetch;
  BrokerClass.prototype.fetch = async function (request) {
    const response = await fetch.call(this, request);
    for (const topic of response.responses) topic.partitions.forEach(hideAborted);
    return response;
  };
}
