/** One field of a protobuf message: a number for varints, else the bytes. */
export interface WireField {
  readonly field: number;
  readonly value: bigint | Buffer;
}

/** Splits a protobuf message into its fields, knowing nothing of its schema. */
export function readFields(message: Buffer): WireField[] {
  const fields: WireField[] = [];
  let position = 0;
  while (position < message.length) {
    const tag = readVarint(message, position);
    const field = Number(tag.value >> 3n);
    const content = readValue(message, tag.end, Number(tag.value & 7n));
    fields.push({ field, value: content.value });
    position = content.end;
  }
  return fields;
}

function readValue(message: Buffer, start: number, wireType: number): { value: bigint | Buffer; end: number } {
  switch (wireType) {
    case 0:
      return readVarint(message, start);
    case 1:
      return slice(message, start, 8);
    case 2: {
      const length = readVarint(message, start);
      return slice(message, length.end, Number(length.value));
    }
    case 5:
      return slice(message, start, 4);
    default:
      throw new Error(`Unknown protobuf wire type ${wireType} at ${start}`);
  }
}

function slice(message: Buffer, start: number, length: number): { value: Buffer; end: number } {
  const end = start + length;
  if (end > message.length) throw new Error(`The protobuf message ends inside a field at ${start}`);
  return { value: message.subarray(start, end), end };
}

function readVarint(message: Buffer, start: number): { value: bigint; end: number } {
  let value = 0n;
  for (let index = start, shift = 0n; index < message.length; index += 1, shift += 7n) {
    const byte = message[index] ?? 0;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return { value, end: index + 1 };
  }
  throw new Error(`The protobuf message ends inside a number at ${start}`);
}
