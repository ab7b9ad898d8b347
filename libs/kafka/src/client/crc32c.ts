/**
 * CRC-32C, the checksum of a record batch (not the CRC-32 of zlib). Eight bytes a step with eight tables: kafkajs's own goes byte by
 * byte, and each step there waits for the one before.
 */
const POLYNOMIAL = 0x82f63b78;
const STEP = 8;

function tableAfter(previous: Int32Array | undefined, first: Int32Array | undefined): Int32Array {
  const table = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    if (previous !== undefined && first !== undefined) {
      table[byte] = first[previous[byte]! & 0xff]! ^ (previous[byte]! >>> 8);
      continue;
    }
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ POLYNOMIAL;
    table[byte] = value;
  }
  return table;
}

const T0 = tableAfter(undefined, undefined);
const T1 = tableAfter(T0, T0);
const T2 = tableAfter(T1, T0);
const T3 = tableAfter(T2, T0);
const T4 = tableAfter(T3, T0);
const T5 = tableAfter(T4, T0);
const T6 = tableAfter(T5, T0);
const T7 = tableAfter(T6, T0);

/** The checksum of the bytes in [from, to). */
export function crc32c(bytes: Buffer, from = 0, to = bytes.length): number {
  let crc = -1;
  let at = from;
  for (const last = to - STEP; at <= last; at += STEP) {
    const low = crc ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    crc =
      T7[low & 0xff]! ^
      T6[(low >>> 8) & 0xff]! ^
      T5[(low >>> 16) & 0xff]! ^
      T4[low >>> 24]! ^
      T3[bytes[at + 4]!]! ^
      T2[bytes[at + 5]!]! ^
      T1[bytes[at + 6]!]! ^
      T0[bytes[at + 7]!]!;
  }
  for (; at < to; at++) crc = T0[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
