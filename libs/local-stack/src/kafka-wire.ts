import { connect } from 'node:net';

const CORRELATION_ID = 1;

/** One request of Kafka's protocol, of a version with the plain (not "flexible") header. */
export interface WireRequest {
  readonly api: number;
  readonly version: number;
  readonly body: Buffer;
}

/** A string as the protocol writes it: its length in two bytes, then its text. */
export function wireString(text: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeInt16BE(Buffer.byteLength(text));
  return Buffer.concat([length, Buffer.from(text)]);
}

/** A number in four bytes. */
export function wireInt32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function frame(request: WireRequest): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt16BE(request.api, 0);
  head.writeInt16BE(request.version, 2);
  head.writeInt32BE(CORRELATION_ID, 4);
  const message = Buffer.concat([head, wireString('onceline-local-stack'), request.body]);
  return Buffer.concat([wireInt32(message.length), message]);
}

/**
 * Asks the broker at this `host:port` one thing: enough to see whether it serves, without a client.
 * Answers the response's body, or `undefined` when none came.
 */
export function askBroker(broker: string, request: WireRequest, withinMs = 2000): Promise<Buffer | undefined> {
  const [host, port] = broker.split(':');
  return new Promise((resolve) => {
    const socket = connect({ host: host ?? '', port: Number(port), timeout: withinMs });
    let received = Buffer.alloc(0);
    const answer = (body: Buffer | undefined) => {
      socket.destroy();
      resolve(body);
    };
    socket.once('connect', () => socket.write(frame(request)));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
      answer(received.subarray(8)); // after the length and the correlation id
    });
    socket.once('error', () => answer(undefined));
    socket.once('timeout', () => answer(undefined));
    socket.once('close', () => resolve(undefined));
  });
}
