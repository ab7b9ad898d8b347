/** Where a reader stands among the events, in the order of their commits. Both numbers are 64 bits wide. */
export interface Position {
  readonly txId: bigint;
  readonly id: bigint;
}

const LARGEST = 2n ** 63n - 1n;

export function isBefore(left: Position, right: Position): boolean {
  return left.txId === right.txId ? left.id < right.id : left.txId < right.txId;
}

/** As readers hand it back. What it is made of is nobody's business but ours. */
export function encodePosition({ txId, id }: Position): string {
  return Buffer.from(`${txId}-${id}`).toString('base64url');
}

/** Undefined for what is none of ours; its numbers are the caller's to forge, and must not reach the database either. */
export function decodePosition(text: string): Position | undefined {
  const parts = /^(\d{1,19})-(\d{1,19})$/.exec(Buffer.from(text, 'base64url').toString('latin1'));
  if (parts === null) return undefined;
  const [txId, id] = [BigInt(parts[1] ?? ''), BigInt(parts[2] ?? '')];
  return txId > LARGEST || id > LARGEST ? undefined : { txId, id };
}
