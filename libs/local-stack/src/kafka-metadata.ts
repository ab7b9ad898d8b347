import { connect } from 'node:net';

const METADATA_API = 3;
const METADATA_VERSION = 1;

function metadataRequest(): Buffer {
  const clientId = 'onceline-ready';
  const body = Buffer.alloc(14 + clientId.length);
  body.writeInt16BE(METADATA_API, 0);
  body.writeInt16BE(METADATA_VERSION, 2);
  body.writeInt32BE(1, 4); // correlation id
  body.writeInt16BE(clientId.length, 8);
  body.write(clientId, 10);
  body.writeInt32BE(0, 10 + clientId.length); // no topics
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
}

function nodeIdsOf(response: Buffer): number[] {
  let at = 4; // after the correlation id
  const int32 = () => response.readInt32BE((at += 4) - 4);
  const skipString = () => {
    const length = response.readInt16BE(at);
    at += 2 + Math.max(length, 0);
  };
  const ids: number[] = [];
  for (let left = int32(); left > 0; left -= 1) {
    ids.push(int32());
    skipString(); // host
    int32(); // port
    skipString(); // rack
  }
  return ids;
}

/**
 * The ids of the brokers that the broker at this port knows to be in service; none while it does not answer.
 * An open port is not enough: a broker listens before it serves.
 */
export function brokersSeenBy(port: number, options: { withinMs?: number } = {}): Promise<number[]> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: options.withinMs ?? 2000 });
    let received = Buffer.alloc(0);
    const answer = (ids: number[]) => {
      socket.destroy();
      resolve(ids);
    };
    socket.once('connect', () => socket.write(metadataRequest()));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
      try {
        answer(nodeIdsOf(received.subarray(4)));
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        answer([]); // something else listens here
      }
    });
    socket.once('error', () => answer([]));
    socket.once('timeout', () => answer([]));
    socket.once('close', () => resolve([]));
  });
}
