const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** Listens to signals and to errors that nobody caught; answers how to stop listening. */
export function watchProcess(on: { onSignal(signal: string): void; onError(error: unknown): void }): () => void {
  const onSignal = (signal: string): void => on.onSignal(signal);
  const onError = (error: unknown): void => on.onError(error);
  for (const signal of SIGNALS) process.on(signal, onSignal);
  process.on('uncaughtException', onError);
  process.on('unhandledRejection', onError);
  return () => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
    process.off('uncaughtException', onError);
    process.off('unhandledRejection', onError);
  };
}
