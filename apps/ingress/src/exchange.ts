import type { IncomingMessage, ServerResponse } from 'node:http';
import { TraceFlags, type Context, type Span } from '@opentelemetry/api';
import { beginRequest } from './request-span.js';

/** One webhook request on its way through the door. */
export class Exchange {
  readonly startedAt = performance.now();
  readonly span: Span | undefined;
  /** See {@link RequestTrace}. */
  readonly context: Context;
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
  ) {
    ({ span: this.span, context: this.context } = beginRequest(request));
  }

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
