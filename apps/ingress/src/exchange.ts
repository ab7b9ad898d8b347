import type { IncomingMessage, ServerResponse } from 'node:http';
import { unrecordedTrace } from '@onceline/kafka';
import { ROOT_CONTEXT, TraceFlags, trace, type Context, type Span } from '@opentelemetry/api';

/** One webhook request on its way through the door. */
export class Exchange {
  readonly startedAt = performance.now();
  /** The server span of this request; undefined without tracing. */
  readonly span: Span | undefined = trace.getActiveSpan();
  /** Of that span; without tracing that of a trace which nobody records, so that log and record name the same one. */
  readonly context: Context = this.span === undefined ? unrecordedTrace() : trace.setSpan(ROOT_CONTEXT, this.span);
  answered = false;
  /** Bytes in memory, counted by admission. */
  heldBytes = 0;
  /** Bytes of the body received in all. */
  receivedBytes = 0;
  #chunks: Buffer[] = [];

  constructor(
    readonly botId: string,
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
  ) {}

  /** Of the trace that shows this request; undefined when none does. */
  get traceId(): string | undefined {
    const context = this.span?.spanContext();
    return context && (context.traceFlags & TraceFlags.SAMPLED) !== 0 ? context.traceId : undefined;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.heldBytes += chunk.length;
    this.receivedBytes += chunk.length;
  }

  /** The body in one piece; copied only when it came in several. */
  takeBody(): Buffer {
    const [first] = this.#chunks;
    return first && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
  }

  forget(): void {
    this.#chunks = [];
    this.heldBytes = 0;
  }
}
