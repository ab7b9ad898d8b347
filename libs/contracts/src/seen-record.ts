/**
 * Value of a record in `telegram.updates.seen`: version, payload hash, raw offset and time of the first copy, as
 * readable text separated by blanks. Text, not JSON, because a restart reads millions of them.
 */
export interface SeenRecord {
  /** First 64 bits of the payload's SHA-256, 16 hexadecimal digits. */
  readonly payloadHash: string;
  /** Offset of the first copy in the raw partition of the same number. */
  readonly firstOffset: number;
  /** Milliseconds since the epoch. */
  readonly firstSeenAt: number;
}

const HASH_DIGITS = 16;
const HASH_START = 2;
const OFFSET_START = HASH_START + HASH_DIGITS + 1;
/** As many as the largest exact integer has. */
const MAX_DIGITS = 16;
const BLANK = 0x20;
/** The latest time that a Date can hold. */
const MAX_TIME = 8_640_000_000_000_000;

/** Writes a {@link SeenRecord}. */
export function encodeSeenRecord(record: SeenRecord): Buffer {
  return Buffer.from(`1 ${record.payloadHash} ${record.firstOffset} ${record.firstSeenAt}`, 'latin1');
}

/**
 * Reads a {@link SeenRecord}.
 * @throws Error when the value has another version or shape
 */
export function decodeSeenRecord(value: Buffer): SeenRecord {
  const offsetEnd = value.indexOf(BLANK, OFFSET_START);
  const firstOffset = wholeNumber(value, OFFSET_START, offsetEnd);
  const firstSeenAt = wholeNumber(value, offsetEnd + 1, value.length);
  if (!hasHead(value) || firstOffset < 0 || firstSeenAt < 0 || firstSeenAt > MAX_TIME) {
    throw new Error(`not a seen record of version 1: ${value.subarray(0, 80).toString('latin1')}`);
  }
  return { payloadHash: value.toString('latin1', HASH_START, HASH_START + HASH_DIGITS), firstOffset, firstSeenAt };
}

/** Version, hash, and blanks around it. Byte by byte: a restart reads millions, and a regular expression costs ten times this. */
function hasHead(value: Buffer): boolean {
  if (value[0] !== 0x31 || value[1] !== BLANK || value[OFFSET_START - 1] !== BLANK) return false;
  for (let at = HASH_START; at < HASH_START + HASH_DIGITS; at++) {
    const byte = value[at] ?? 0;
    const isHex = (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66);
    if (!isHex) return false;
  }
  return true;
}

/** -1 when it is none. */
function wholeNumber(value: Buffer, from: number, to: number): number {
  if (to <= from || to - from > MAX_DIGITS) return -1;
  let number = 0;
  for (let at = from; at < to; at++) {
    const digit = (value[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return Number.isSafeInteger(number) ? number : -1;
}
