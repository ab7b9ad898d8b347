import { startStack } from '@onceline/local-stack';
import type { Stack, StackOptions } from '@onceline/local-stack';

let shared: Promise<Stack> | undefined;

/**
 * The stack that the specs of one file share: the first call starts it (with its options), later calls answer the same one.
 * The file ends it with `afterAll(releaseStack)`. Fsync is off unless asked for: specs measure nothing.
 */
export function useStack(options: StackOptions = {}): Promise<Stack> {
  shared ??= startStack({ durable: false, ...options });
  return shared;
}

/** Ends the shared stack, if there is one. */
export async function releaseStack(): Promise<void> {
  const stack = shared;
  shared = undefined;
  // A failed start has been reported to those who asked for it, and has left nothing to end.
  await (await stack?.catch(() => undefined))?.stop();
}
