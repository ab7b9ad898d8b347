import { readFields } from './protobuf-wire.js';

describe('protobuf wire format', () => {
  it('reads varints, fixed numbers and bytes in order', () => {
    const message = Buffer.concat([
      Buffer.from([0x08, 0x96, 0x01]), // field 1, varint 150
      Buffer.from([0x11, 1, 0, 0, 0, 0, 0, 0, 0]), // field 2, fixed64
      Buffer.from([0x1a, 2, 0x68, 0x69]), // field 3, "hi"
      Buffer.from([0x25, 7, 0, 0, 0]), // field 4, fixed32
    ]);
    expect(readFields(message)).toEqual([
      { field: 1, value: 150n },
      { field: 2, value: Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]) },
      { field: 3, value: Buffer.from('hi') },
      { field: 4, value: Buffer.from([7, 0, 0, 0]) },
    ]);
  });

  it.each([
    ['inside a field', [0x1a, 5, 0x68]],
    ['inside a number', [0x08, 0x96]],
  ])('refuses a message that ends %s', (where, bytes) => {
    expect(() => readFields(Buffer.from(bytes))).toThrow(where);
  });
});
