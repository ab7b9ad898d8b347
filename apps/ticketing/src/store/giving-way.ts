import { setTimeout as sleep } from 'node:timers/promises';
import { inTransaction } from './in-transaction.js';
import type { Session } from './session.js';

/** Shorter than PostgreSQL's wait before it looks for a deadlock: it is we who give way, never an update. */
const LOCK_TIMEOUT_MS = 300;
const LOCK_EVERY_MS = 1000;
const MAX_LOCK_TRIES = 600;

/** Somebody else holds what a transaction wanted to lock: `lock_not_available`, or a deadlock that PostgreSQL ended. */
function isHeld(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === '55P03' || error.code === '40P01');
}

/** A transaction that gives up where it would have to wait for a lock. */
export function givingWay<Result>(session: Session, work: () => Promise<Result>): Promise<Result> {
  return inTransaction(session, work, `begin; set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
}

/** Tries again and again until nobody holds what it locks, ten minutes at most. Undefined: somebody always did. */
export async function untilFree<Result>(
  work: (tries: number) => Promise<Result>,
  onHeld: (tries: number) => void = () => undefined,
): Promise<{ result: Result } | undefined> {
  for (let tries = 1; tries <= MAX_LOCK_TRIES; tries += 1) {
    try {
      return { result: await work(tries) };
    } catch (error) {
      if (!isHeld(error)) throw error;
      onHeld(tries);
      await sleep(LOCK_EVERY_MS);
    }
  }
  return undefined;
}
