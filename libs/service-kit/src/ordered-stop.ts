/** One step of a stop. */
export interface StopStep {
  readonly name: string;
  run(): void | Promise<unknown>;
}

/** How a stop went: the steps that failed, and the one it hung on when time ran out. */
export interface StopReport {
  readonly failures: readonly { readonly step: string; readonly error: unknown }[];
  readonly timedOutIn?: string;
}

/** Runs the steps one after the other, a failed one does not keep the next from running, all within `timeoutMs`. */
export async function runStopSteps(steps: readonly StopStep[], timeoutMs: number): Promise<StopReport> {
  const failures: { step: string; error: unknown }[] = [];
  let current = '';
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<'expired'>((resolve) => {
    timer = setTimeout(() => resolve('expired'), timeoutMs);
  });
  const finished = (async () => {
    for (const step of steps) {
      current = step.name;
      try {
        await step.run();
      } catch (error) {
        failures.push({ step: step.name, error });
      }
    }
  })();
  const end = await Promise.race([finished, expired]);
  clearTimeout(timer);
  return end === 'expired' ? { failures, timedOutIn: current } : { failures };
}
