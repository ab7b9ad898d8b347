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

/** Writes a {@link SeenRecord}. */
export function encodeSeenRecord(record: SeenRecord): Buffer {
  return Buffer.from(`1 ${record.payloadHash} ${record.firstOffset} ${record.firstSeenAt}`, 'latin1');
}

/**
 * Reads a {@link SeenRecord}.
 * @throws Error when the value has another version or shape
 */
export function decodeSeenRecord(value: Buffer): SeenRecord {
  const [version, payloadHash, offset, seenAt] = value.toString('latin1').split(' ');
  const record = { payloadHash: payloadHash ?? '', firstOffset: Number(offset), firstSeenAt: Number(seenAt) };
  const wellFormed = Number.isSafeInteger(record.firstOffset) && Number.isSafeInteger(record.firstSeenAt);
  if (version !== '1' || record.payloadHash.length !== 16 || !wellFormed) {
    throw new Error(`not a seen record of version 1: ${value.subarray(0, 80).toString('latin1')}`);
  }
  return record;
}
