type Cells = Float64Array | Int32Array | Uint32Array | Uint8Array;

/** A growing column of numbers outside the garbage collector's reach: a million records cost megabytes, not objects. */
export class Column {
  #cells: Cells;
  #length = 0;

  constructor(private readonly make: new (size: number) => Cells) {
    this.#cells = new make(256);
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#cells.length) {
      const larger = new this.make(this.#cells.length * 2);
      larger.set(this.#cells);
      this.#cells = larger;
    }
    this.#cells[this.#length] = value;
    this.#length += 1;
  }

  at(index: number): number {
    const value = index < this.#length ? this.#cells[index] : undefined;
    if (value === undefined) throw new RangeError(`row ${index} of ${this.#length}`);
    return value;
  }
}

/** Gives each distinct text a small number. At most 2^24 texts, the limit of a Map. */
export class TextIndex {
  readonly #ids = new Map<string, number>();
  readonly #texts: string[] = [];

  get size(): number {
    return this.#texts.length;
  }

  /** The number of this text, a new one when it was not seen before. */
  idOf(text: string): number {
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    const id = this.#texts.length;
    // Text glued together by a template is a tree of pieces, five times the memory: store it flat.
    const flat = Buffer.from(text, 'utf8').toString('utf8');
    this.#ids.set(flat, id);
    this.#texts.push(flat);
    return id;
  }

  textOf(id: number): string {
    const text = this.#texts[id];
    if (text === undefined) throw new RangeError(`text ${id} of ${this.#texts.length}`);
    return text;
  }
}

/** Records of one partition in log order. */
export class PartitionRows {
  readonly key = new Column(Int32Array);
  readonly offset = new Column(Float64Array);
  readonly receivedAt = new Column(Float64Array);
  readonly payloadHash = new Column(Uint32Array);

  get length(): number {
    return this.offset.length;
  }

  /** Row of this offset, -1 when there is none. */
  find(offset: number): number {
    let low = 0;
    let high = this.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const there = this.offset.at(middle);
      if (there === offset) return middle;
      if (there < offset) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }
}

/** One record of an update topic, reduced to what the sums need. */
export interface BookedRecord {
  readonly partition: number;
  readonly offset: number;
  /** Number of the idempotency key. */
  readonly key: number;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  /** Checksum of the bytes. */
  readonly payloadHash: number;
}

/** More partitions than any topic of ours has: a number beyond is garbage and must not cost memory. */
const MAX_PARTITIONS = 100_000;

/** Records of one topic, found by position. */
export class TopicRows {
  /** Whether a number may be a partition's. */
  static has(partition: number): boolean {
    return Number.isSafeInteger(partition) && partition >= 0 && partition < MAX_PARTITIONS;
  }

  readonly #partitions: PartitionRows[] = [];

  /** @throws Error when a partition's records do not come in log order */
  add(record: BookedRecord): void {
    const rows = this.partition(record.partition);
    if (rows.length > 0 && rows.offset.at(rows.length - 1) >= record.offset) {
      throw new Error(`partition ${record.partition} was read out of order at offset ${record.offset}`);
    }
    rows.key.push(record.key);
    rows.offset.push(record.offset);
    rows.receivedAt.push(record.receivedAt);
    rows.payloadHash.push(record.payloadHash);
  }

  /** @throws RangeError when there can be no such partition; numbers from outside go through {@link has} first */
  partition(partition: number): PartitionRows {
    if (!TopicRows.has(partition)) throw new RangeError(`partition ${partition}`);
    while (this.#partitions.length <= partition) this.#partitions.push(new PartitionRows());
    return this.#partitions[partition] as PartitionRows;
  }

  partitions(): readonly PartitionRows[] {
    return this.#partitions;
  }
}
