import { createContextKey, ROOT_CONTEXT, type Context } from '@opentelemetry/api';

/** What the preloaded telemetry module offers the rest of the library, which imports no SDK. */
export interface Telemetry {
  /** Sends the spans that are left. */
  shutdown(): Promise<void>;
  /** Names the span of the HTTP request in hand after its route. */
  nameRoute(route: string): void;
  /** Whether a trace that begins now is recorded: a share of all. */
  chooses(): boolean;
}

const CHOSEN = createContextKey('a trace that is to be recorded');

/** To begin a trace under that is to be recorded; undefined when it is none of the share, or tracing is off: then no span is worth its cost. */
export function chosenTrace(): Context | undefined {
  return telemetry?.chooses() ? ROOT_CONTEXT.setValue(CHOSEN, true) : undefined;
}

/** Whether {@link chosenTrace} has chosen. */
export function isChosen(context: Context): boolean {
  return context.getValue(CHOSEN) === true;
}

let telemetry: Telemetry | undefined;

/** Called once by the telemetry module when tracing is on. */
export function onTelemetry(started: Telemetry): void {
  telemetry = started;
}

/** Names the span of the HTTP request in hand after its route; nothing when tracing is off. */
export function nameRoute(route: string | undefined): void {
  if (route !== undefined) telemetry?.nameRoute(route);
}

/** A receiver that is away would hold the stop for seconds; spans are worth three. */
const FLUSH_TIMEOUT_MS = 3000;

/** Sends what spans are left, as long as that takes at most `timeoutMs`. Answers false when it took longer. */
export async function shutdownTelemetry(timeoutMs: number = FLUSH_TIMEOUT_MS): Promise<boolean> {
  if (telemetry === undefined) return true;
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  try {
    return await Promise.race([telemetry.shutdown().then(() => true), expired]);
  } finally {
    clearTimeout(timer);
  }
}
