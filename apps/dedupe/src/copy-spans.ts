import {
  failSpan,
  injectTrace,
  isSampled,
  startRecordSpan,
  type ConsumedRecord,
  type RecordHeaders,
} from '@onceline/kafka';
import type { Span } from '@opentelemetry/api';

/** The spans of the sampled records of one batch; they end together, when the transaction has. */
export class CopySpans {
  private readonly spans: Span[] = [];

  constructor(private readonly groupId: string) {}

  /**
   * The headers under which a record goes on: with the context of its own span when its trace is recorded, else
   * untouched, which costs nothing.
   */
  headersOf(record: ConsumedRecord, key: string, result: string): RecordHeaders {
    if (!isSampled(record.headers)) return record.headers;
    const { span, context } = startRecordSpan(record, this.groupId);
    span.setAttribute('onceline.idempotency_key', key);
    span.setAttribute('onceline.dedupe.result', result);
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
