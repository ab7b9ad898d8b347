import { askBroker, wireInt32 } from './kafka-wire.js';

const METADATA_API = 3;
const METADATA_VERSION = 1;
const NO_TOPICS = wireInt32(0);

function nodeIdsOf(response: Buffer): number[] {
  let at = 0;
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
 * The ids of the brokers that the broker at this `host:port` knows to be in service; none while it does not answer.
 * An open port is not enough: a broker listens before it serves.
 */
export async function brokersSeenBy(broker: string): Promise<number[]> {
  const response = await askBroker(broker, { api: METADATA_API, version: METADATA_VERSION, body: NO_TOPICS });
  try {
    return response === undefined ? [] : nodeIdsOf(response);
  } catch (error) {
    if (error instanceof RangeError) return []; // something else listens here
    throw error;
  }
}
