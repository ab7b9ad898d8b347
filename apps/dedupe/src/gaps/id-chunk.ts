/** Ids per chunk; with a multiple of 32 the bit of an id is the same in the chunk as in the id. */
export const CHUNK_IDS = 1 << 15;
/** Times are kept this exactly; a gap is judged at most this much later than it could be. */
export const SLOT_MS = 15 * 60_000;
/** Ten days. Beyond that the oldest slot goes: its ids are judged with a later one. */
const MAX_SLOTS = 1000;

/** Which ids of one stretch of the number line came, and roughly when. */
export class IdChunk {
  /** Lowest and highest id that came here. */
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  /** Nothing up to this id is judged. */
  floor = Number.NEGATIVE_INFINITY;
  lastSeenAt = 0;
  private bits: Uint32Array | undefined;
  /** Highest id that came within a slot of time. */
  private readonly slots = new Map<number, number>();

  constructor(readonly number: number) {}

  /** Memory held for the bits. */
  get bytes(): number {
    return this.bits?.byteLength ?? 0;
  }

  observe(id: number, seenAt: number): void {
    this.widen(id);
    this.lastSeenAt = Math.max(this.lastSeenAt, seenAt);
    this.bits ??= new Uint32Array(CHUNK_IDS / 32);
    const word = (id % CHUNK_IDS) >>> 5;
    this.bits[word] = (this.bits[word] ?? 0) | (1 << (id & 31));
    const slot = Math.floor(seenAt / SLOT_MS);
    this.slots.set(slot, Math.max(this.slots.get(slot) ?? 0, id));
    if (this.slots.size > MAX_SLOTS) this.slots.delete(Math.min(...this.slots.keys()));
  }

  discount(id: number): void {
    this.widen(id);
    this.floor = Math.max(this.floor, id);
  }

  /** The 32 bits around an id. */
  wordOf(id: number): number {
    return this.bits?.[(id % CHUNK_IDS) >>> 5] ?? 0;
  }

  /** The highest id that came in a slot that was over by then; each slot answers once. */
  takeHighestSeenBefore(time: number): number {
    let highest = Number.NEGATIVE_INFINITY;
    for (const [slot, id] of this.slots) {
      if ((slot + 1) * SLOT_MS > time) continue;
      highest = Math.max(highest, id);
      this.slots.delete(slot);
    }
    return highest;
  }

  private widen(id: number): void {
    this.min = Math.min(this.min, id);
    this.max = Math.max(this.max, id);
  }
}
