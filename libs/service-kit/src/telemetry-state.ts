/** Set by the preloaded telemetry module, so that the ordered stop can flush spans last without importing an SDK. */
let flush: (() => Promise<void>) | undefined;

/** Called once by the telemetry module when tracing is on. */
export function onTelemetryShutdown(shutdown: () => Promise<void>): void {
  flush = shutdown;
}

/** A receiver that is away would hold the stop for seconds; spans are worth three. */
const FLUSH_TIMEOUT_MS = 3000;

/** Sends what spans are left, as long as that takes at most `timeoutMs`. Answers false when it took longer. */
export async function shutdownTelemetry(timeoutMs: number = FLUSH_TIMEOUT_MS): Promise<boolean> {
  if (flush === undefined) return true;
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  try {
    return await Promise.race([flush().then(() => true), expired]);
  } finally {
    clearTimeout(timer);
  }
}
