import {
  failSpan,
  injectTrace,
  isSampled,
  startRecordSpan,
  type ConsumedRecord,
  type RecordHeaders,
} from '@onceline/kafka';
import type { Span } from '@opentelemetry/api';
import type { Result } from './plan-batch.js';

/** What is always shown, also where the trace was not chosen to be recorded. */
const FAILURES: readonly Result[] = ['collision', 'unreadable'];

/** The spans of the records of one batch that have one; they end together, when the transaction has. */
export class CopySpans {
  private readonly spans: Span[] = [];

  constructor(private readonly groupId: string) {}

  /**
   * The headers under which a record goes on: with the context of its own span when its trace is recorded or it goes to the dead
   * letters, else untouched, which costs nothing.
   */
  headersOf(record: ConsumedRecord, result: Result, key?: string): RecordHeaders {
    const failed = FAILURES.includes(result);
    if (!failed && !isSampled(record.headers)) return record.headers;
    const { span, context } = startRecordSpan(record, this.groupId, { keep: failed });
    if (key !== undefined) span.setAttribute('onceline.idempotency_key', key);
    span.setAttribute('onceline.dedupe.result', result);
    if (failed) failSpan(span, Object.assign(new Error(`went to the dead letters: ${result}`), { code: result }));
    this.spans.push(span);
    return injectTrace(record.headers, context);
  }

  end(): void {
    for (const span of this.spans) span.end();
  }

  fail(error: unknown): void {
    for (const span of this.spans) failSpan(span, error);
    this.end();
  }
}
