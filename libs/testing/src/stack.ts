import { removeDatabases, sharedDatabase, startStack } from '@onceline/local-stack';
import type { Stack, StackOptions } from '@onceline/local-stack';

let shared: Promise<Stack> | undefined;

/**
 * The stack that the specs of one file share: the first call starts it (with its options), later calls answer the same one.
 * The file ends it with `afterAll(releaseStack)`. Fsync is off unless asked for: specs measure nothing.
 * Where the whole run has one PostgreSQL, the stack takes that, unless the file wants a server of its own (`exclusive`).
 */
export function useStack(options: StackOptions = {}): Promise<Stack> {
  const server = sharedDatabase();
  shared ??= startStack({ durable: false, ...(server ? { server } : {}), ...options });
  return shared;
}

/** Ends the shared stack, if there is one. */
export async function releaseStack(): Promise<void> {
  const stack = shared;
  shared = undefined;
  // A failed start has been reported to those who asked for it, and has left nothing to end.
  await (await stack?.catch(() => undefined))?.stop();
  const server = sharedDatabase();
  // Files run one after another: what is there now, this one has made, and nobody reads it any more.
  if (stack && server) await removeDatabases(server);
}
