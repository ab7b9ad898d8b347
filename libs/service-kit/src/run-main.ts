import { StartRefused } from './start-refused.js';

/**
 * Runs the start of a program: `await runMain(() => runService({ … }))` is a whole `main.ts`. A refused start is told in
 * plain words on standard error (exit code 78), anything else with its stack (exit code 1).
 */
export async function runMain(start: () => unknown): Promise<void> {
  try {
    await start();
  } catch (error) {
    const { text, exitCode } = describeFailedStart(error);
    process.stderr.write(`${text}\n`, () => process.exit(exitCode));
  }
}

/** What a person is told about a start that failed, and the exit code. */
export function describeFailedStart(error: unknown): { text: string; exitCode: number } {
  if (error instanceof StartRefused) return { text: error.message, exitCode: error.exitCode };
  return { text: error instanceof Error ? (error.stack ?? error.message) : String(error), exitCode: 1 };
}
