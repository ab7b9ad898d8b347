import { decodeSeenRecord, type SeenRecord } from '@onceline/contracts';
import type { ConsumedRecord } from '@onceline/kafka';

/** What a record of the changelog says of its key; without a first copy the key is forgotten. */
export interface SeenKey {
  readonly key: string;
  readonly first: SeenRecord | null;
}

/** Undefined for what is no record of ours: it says nothing. */
export function readSeen({ key, value }: ConsumedRecord): SeenKey | undefined {
  if (key === null) return undefined;
  if (value === null) return { key, first: null };
  try {
    return { key, first: decodeSeenRecord(value) };
  } catch {
    return undefined;
  }
}
