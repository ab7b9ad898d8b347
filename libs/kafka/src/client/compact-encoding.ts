/** The flexible encoding of Kafka's protocol, as far as two requests need it: https://kafka.apache.org/protocol#protocol_types */

/** Builds a body, value by value. */
export class CompactWriter {
  private readonly parts: Buffer[] = [];

  bytes(): Buffer {
    return Buffer.concat(this.parts);
  }

  int8(value: number): this {
    return this.fixed(1, (buffer) => buffer.writeInt8(value));
  }

  int16(value: number): this {
    return this.fixed(2, (buffer) => buffer.writeInt16BE(value));
  }

  int32(value: number): this {
    return this.fixed(4, (buffer) => buffer.writeInt32BE(value));
  }

  int64(value: bigint): this {
    return this.fixed(8, (buffer) => buffer.writeBigInt64BE(value));
  }

  string(text: string): this {
    const bytes = Buffer.from(text, 'utf8');
    this.varint(bytes.length + 1);
    this.parts.push(bytes);
    return this;
  }

  array<T>(items: readonly T[], write: (writer: this, item: T) => void): this {
    this.varint(items.length + 1);
    for (const item of items) write(this, item);
    return this;
  }

  noTags(): this {
    this.varint(0);
    return this;
  }

  private varint(value: number): void {
    const bytes: number[] = [];
    for (let rest = value; ; rest >>>= 7) {
      if (rest < 0x80) {
        bytes.push(rest);
        break;
      }
      bytes.push((rest & 0x7f) | 0x80);
    }
    this.parts.push(Buffer.from(bytes));
  }

  private fixed(size: number, write: (buffer: Buffer) => void): this {
    const buffer = Buffer.alloc(size);
    write(buffer);
    this.parts.push(buffer);
    return this;
  }
}

/** Reads a body, value by value. @throws RangeError beyond its end */
export class CompactReader {
  private at = 0;

  constructor(private readonly buffer: Buffer) {}

  int16(): number {
    return this.buffer.readInt16BE(this.move(2));
  }

  int32(): number {
    return this.buffer.readInt32BE(this.move(4));
  }

  int64(): bigint {
    return this.buffer.readBigInt64BE(this.move(8));
  }

  string(): string | null {
    const length = this.varint() - 1;
    if (length < 0) return null;
    const from = this.move(length);
    return this.buffer.toString('utf8', from, from + length);
  }

  array(read: () => void): void {
    for (let left = this.varint() - 1; left > 0; left--) read();
  }

  /** Moves over tags that nobody here knows. */
  tags(): void {
    for (let left = this.varint(); left > 0; left--) {
      this.varint();
      this.move(this.varint());
    }
  }

  private varint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.buffer.readUInt8(this.move(1));
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  private move(bytes: number): number {
    const from = this.at;
    this.at += bytes;
    return from;
  }
}
