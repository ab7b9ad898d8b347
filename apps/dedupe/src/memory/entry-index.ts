/**
 * Finds entries by a 32-bit hash: an extendible hash table of small open-addressing tables. Growing splits one of them
 * at a time, so that neither memory nor the event loop sees a jump: a table twice the size beside the old one would
 * break the figure per key and stop the service for a second at ten million keys.
 *
 * Load is between 0.4 and 0.8, so a key costs 5 to 10 bytes here.
 */
const FIRST_SLOTS = 64;
const MAX_SLOTS = 1 << 14;
const MAX_LOAD = 0.8;
/** Enough for all entries there can be. Only hashes that hardly differ could split more often, in vain: a table grows then. */
const MAX_DEPTH = 12;

const ENTRY_BITS = 24;
const ENTRY_MASK = (1 << ENTRY_BITS) - 1;

/** Entry numbers are below this: a slot holds the number + 1 (0 is empty) beside 8 bits of the hash. */
export const MAX_ENTRIES = ENTRY_MASK - 1;

interface Shard {
  slots: Uint32Array;
  used: number;
  readonly depth: number;
}

/** Where the entries are. */
export interface IndexedEntries<Probe> {
  hashOf(entry: number): number;
  matches(entry: number, probe: Probe): boolean;
}

export class EntryIndex<Probe> {
  private depth = 0;
  private directory: Shard[] = [{ slots: new Uint32Array(FIRST_SLOTS), used: 0, depth: 0 }];
  private slotCount = FIRST_SLOTS;
  private shardCount = 1;

  constructor(private readonly entries: IndexedEntries<Probe>) {}

  /** Bytes of all slots. */
  get bytes(): number {
    return this.slotCount * 4 + this.directory.length * 8;
  }

  /** Arrays held, for those who count what an array costs beside its content. */
  get arrays(): number {
    return this.shardCount;
  }

  /** The oldest matching entry, or -1. */
  find(hash: number, probe: Probe): number {
    const { slots } = this.shardOf(hash);
    const mask = slots.length - 1;
    const tag = tagOf(hash);
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const slot = slots[at] ?? 0;
      if (slot === 0) return -1;
      if (slot >>> ENTRY_BITS !== tag) continue;
      const entry = (slot & ENTRY_MASK) - 1;
      if (this.entries.matches(entry, probe)) return entry;
    }
  }

  insert(hash: number, entry: number): void {
    let shard = this.shardOf(hash);
    while (shard.used + 1 > shard.slots.length * MAX_LOAD) {
      if (shard.slots.length < MAX_SLOTS || shard.depth >= MAX_DEPTH) this.grow(shard);
      else this.split(shard);
      shard = this.shardOf(hash);
    }
    place(shard, hash, entry);
  }

  private shardOf(hash: number): Shard {
    // A shift by 32 would be a shift by 0.
    const shard = this.directory[this.depth === 0 ? 0 : hash >>> (32 - this.depth)];
    if (shard === undefined) throw new Error('the directory of the index has a hole');
    return shard;
  }

  private grow(shard: Shard): void {
    const old = shard.slots;
    this.slotCount += old.length;
    shard.slots = new Uint32Array(old.length * 2);
    shard.used = 0;
    for (const entry of entriesOf(old)) place(shard, this.entries.hashOf(entry), entry);
  }

  private split(shard: Shard): void {
    if (shard.depth === this.depth) {
      this.directory = this.directory.flatMap((same) => [same, same]);
      this.depth++;
    }
    const depth = shard.depth + 1;
    const halves = [0, 1].map((): Shard => ({ slots: new Uint32Array(shard.slots.length), used: 0, depth }));
    for (const entry of entriesOf(shard.slots)) {
      const hash = this.entries.hashOf(entry);
      place(halfFor(halves, hash, depth), hash, entry);
    }
    this.directory = this.directory.map((one, index) =>
      one === shard ? halfFor(halves, index << (32 - this.depth), depth) : one,
    );
    this.slotCount += shard.slots.length;
    this.shardCount++;
  }
}

function tagOf(hash: number): number {
  return (hash >>> 14) & 0xff;
}

function halfFor(halves: readonly Shard[], hash: number, depth: number): Shard {
  const half = halves[(hash >>> (32 - depth)) & 1];
  if (half === undefined) throw new Error('a split makes two halves');
  return half;
}

function* entriesOf(slots: Uint32Array): Generator<number> {
  for (const slot of slots) if (slot !== 0) yield (slot & ENTRY_MASK) - 1;
}

function place(shard: Shard, hash: number, entry: number): void {
  const { slots } = shard;
  const mask = slots.length - 1;
  let at = hash & mask;
  while (slots[at] !== 0) at = (at + 1) & mask;
  slots[at] = ((tagOf(hash) << ENTRY_BITS) | (entry + 1)) >>> 0;
  shard.used++;
}
