import type { SeenRecord } from '@onceline/contracts';
import { EntryIndex, MAX_ENTRIES, type IndexedEntries } from './entry-index.js';
import { hashOf, type KeyPrint } from './key-print.js';

/** 26 bytes per key: six words (update id, discriminator, payload hash twice, offset, time) and the bot's number. */
const WORDS = 6;
const SEGMENT = 512;
const FIRST_SEGMENT = 16;
/** A time that no entry has: the key was taken out again. */
const FORGOTTEN = 0xffff_ffff;
/** What V8 and malloc need beside the content of a typed array, measured. */
const ARRAY_OVERHEAD = 220;
/** A key that does not fit into numbers costs about this beside its characters. */
const SPILLED_OVERHEAD = 250;

interface Segment {
  readonly words: Uint32Array;
  readonly bots: Uint16Array;
}

/** The keys first seen within one stretch of time. Dropped whole; entries are only appended. */
export class SeenTable implements IndexedEntries<KeyPrint> {
  private readonly segments: Segment[] = [];
  private readonly index = new EntryIndex<KeyPrint>(this);
  private readonly spilled = new Map<string, SeenRecord>();
  private entries = 0;
  private forgotten = 0;
  private baseOffset: number | undefined;

  /** @param from first-seen times are counted from here, up to 49 days on */
  constructor(readonly from: number) {}

  get size(): number {
    return this.entries - this.forgotten + this.spilled.size;
  }

  get isFull(): boolean {
    return this.entries >= MAX_ENTRIES;
  }

  get bytes(): number {
    let bytes = this.index.bytes + this.index.arrays * ARRAY_OVERHEAD;
    for (const { words, bots } of this.segments) bytes += words.byteLength + bots.byteLength + 2 * ARRAY_OVERHEAD;
    for (const key of this.spilled.keys()) bytes += key.length + SPILLED_OVERHEAD;
    return bytes;
  }

  find(key: string, print: KeyPrint | undefined): SeenRecord | undefined {
    // The numbers of an entry may not have fitted although those of the key do, so both places count.
    if (this.spilled.size > 0) {
      const spilled = this.spilled.get(key);
      if (spilled !== undefined) return spilled;
    }
    if (print === undefined) return undefined;
    const entry = this.index.find(print.hash, print);
    return entry < 0 ? undefined : this.read(entry);
  }

  add(key: string, print: KeyPrint | undefined, first: SeenRecord): void {
    this.baseOffset ??= first.firstOffset;
    const offset = first.firstOffset - this.baseOffset;
    const time = first.firstSeenAt - this.from;
    const fits = (offset | 0) === offset && time >= 0 && time < FORGOTTEN;
    if (print === undefined || !fits) this.spilled.set(key, first);
    else this.append(print, first.payloadHash, [offset, time]);
  }

  /** Answers whether the key was here. */
  forget(key: string, print: KeyPrint | undefined): boolean {
    if (this.spilled.delete(key)) return true;
    const entry = print === undefined ? -1 : this.index.find(print.hash, print);
    if (entry < 0) return false;
    this.segmentOf(entry).words[(entry % SEGMENT) * WORDS + 5] = FORGOTTEN;
    this.forgotten++;
    return true;
  }

  hashOf(entry: number): number {
    const { words, bots } = this.segmentOf(entry);
    const at = entry % SEGMENT;
    return hashOf(bots[at] ?? 0, words[at * WORDS] ?? 0);
  }

  matches(entry: number, print: KeyPrint): boolean {
    const { words, bots } = this.segmentOf(entry);
    const at = entry % SEGMENT;
    const word = at * WORDS;
    return (
      words[word] === print.updateId &&
      words[word + 1] === print.discriminator &&
      bots[at] === print.bot &&
      words[word + 5] !== FORGOTTEN
    );
  }

  private append(print: KeyPrint, payloadHash: string, [offset, time]: readonly [number, number]): void {
    const entry = this.entries;
    const { words, bots } = this.segmentFor(entry);
    const at = entry % SEGMENT;
    const word = at * WORDS;
    words[word] = print.updateId;
    words[word + 1] = print.discriminator;
    words[word + 2] = word32(payloadHash, 0);
    words[word + 3] = word32(payloadHash, 8);
    words[word + 4] = offset;
    words[word + 5] = time;
    bots[at] = print.bot;
    this.entries++;
    this.index.insert(print.hash, entry);
  }

  private read(entry: number): SeenRecord {
    const { words } = this.segmentOf(entry);
    const word = (entry % SEGMENT) * WORDS;
    return {
      payloadHash: hex(words[word + 2]) + hex(words[word + 3]),
      // Differences are signed: a word read as a signed number is the difference again.
      firstOffset: (this.baseOffset ?? 0) + ((words[word + 4] ?? 0) | 0),
      firstSeenAt: this.from + (words[word + 5] ?? 0),
    };
  }

  private segmentOf(entry: number): Segment {
    const segment = this.segments[Math.floor(entry / SEGMENT)];
    if (segment === undefined) throw new Error(`entry ${entry} is in no segment`);
    return segment;
  }

  /** The first segment starts small and doubles, so that an hour with three keys does not cost 13 kB; later ones are whole. */
  private segmentFor(entry: number): Segment {
    const number = Math.floor(entry / SEGMENT);
    const segment = this.segments[number];
    if (segment !== undefined && entry % SEGMENT < segment.bots.length) return segment;
    const size = number > 0 ? SEGMENT : Math.max(FIRST_SEGMENT, (segment?.bots.length ?? 0) * 2);
    const next = { words: new Uint32Array(size * WORDS), bots: new Uint16Array(size) };
    if (segment !== undefined) {
      next.words.set(segment.words);
      next.bots.set(segment.bots);
    }
    this.segments[number] = next;
    return next;
  }
}

function hex(word: number | undefined): string {
  return (word ?? 0).toString(16).padStart(8, '0');
}

/** Eight hexadecimal digits; `parseInt` on a part of the text would leave garbage behind for each of a million keys. */
function word32(digits: string, from: number): number {
  let word = 0;
  for (let index = from; index < from + 8; index++) {
    const code = digits.charCodeAt(index);
    word = (word << 4) | (code < 0x3a ? code - 0x30 : code - 0x57);
  }
  return word >>> 0;
}
