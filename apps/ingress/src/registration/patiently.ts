import { setTimeout as delay } from 'node:timers/promises';
import { BotApiError } from './bot-api-failure.js';

export interface Patience {
  readonly tries: number;
  /** A longer wait than this is not worth it for a person in front of a shell. */
  readonly longestWaitMs: number;
  /** Ends a wait. */
  readonly signal?: AbortSignal;
  readonly sleep?: (ms: number, value: undefined, options: { signal?: AbortSignal }) => Promise<unknown>;
}

const FIRST_PAUSE_MS = 1_000;

/** Repeats a call that may pass, not before Telegram allows it. For calls that are safe to repeat. */
export async function patiently<T>(
  call: () => Promise<T>,
  { tries, longestWaitMs, signal, sleep = delay }: Patience,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof BotApiError) || !error.mayPass || attempt >= tries) throw error;
      const wait = error.retryAfterMs ?? FIRST_PAUSE_MS * 2 ** (attempt - 1);
      if (wait > longestWaitMs) throw error;
      await sleep(wait, undefined, signal === undefined ? {} : { signal });
    }
  }
}
