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

const SEEN = /^1 ([0-9a-f]{16}) (\d{1,16}) (\d{1,16})$/;

/** Writes a {@link SeenRecord}. */
export function encodeSeenRecord(record: SeenRecord): Buffer {
  return Buffer.from(`1 ${record.payloadHash} ${record.firstOffset} ${record.firstSeenAt}`, 'latin1');
}

/**
 * Reads a {@link SeenRecord}.
 * @throws Error when the value has another version or shape
 */
export function decodeSeenRecord(value: Buffer): SeenRecord {
  const match = SEEN.exec(value.toString('latin1'));
  const record = { payloadHash: match?.[1] ?? '', firstOffset: Number(match?.[2]), firstSeenAt: Number(match?.[3]) };
  if (!Number.isSafeInteger(record.firstOffset) || !Number.isSafeInteger(record.firstSeenAt)) {
    throw new Error(`not a seen record of version 1: ${value.subarray(0, 80).toString('latin1')}`);
  }
  return record;
}
