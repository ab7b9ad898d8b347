/**
 * What is recorded. The share of new traces is chosen by trace id, at their root, and everybody down the path keeps to it. Beside it, what ends
 * in an error is exported from that hop on, whatever was chosen: hops that went well before it were not recorded, and are not made up.
 */
import { SpanStatusCode, TraceFlags, type Link } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  createAlwaysRecordSampler,
  ParentBasedSampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
  type ReadableSpan,
  type Sampler,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import { isChosen } from './telemetry-state.js';

/** Roots that are not chosen are recorded but not exported: {@link KeepFailures} decides when they end. What is below them costs nothing. */
export function shareOfTraces(ratio: number): Sampler {
  return new ParentBasedSampler({
    root: createAlwaysRecordSampler(new LinkedOrChosen(ratio)),
    remoteParentNotSampled: createAlwaysRecordSampler(new AlwaysOffSampler()),
  });
}

/** What was chosen before there was a span is recorded. A batch is a root of its own, linked to the records in it: it is recorded where one of them is, else nobody could look at what it did. */
class LinkedOrChosen implements Sampler {
  private readonly chosen: Sampler;

  constructor(ratio: number) {
    this.chosen = new TraceIdRatioBasedSampler(ratio);
  }

  shouldSample(...of: Parameters<Sampler['shouldSample']>): ReturnType<Sampler['shouldSample']> {
    const links = of[5];
    return isChosen(of[0]) || links.some(isSampledLink)
      ? { decision: SamplingDecision.RECORD_AND_SAMPLED }
      : this.chosen.shouldSample(...of);
  }

  toString(): string {
    return `LinkedOr{${this.chosen.toString()}}`;
  }
}

function isSampledLink({ context }: Link): boolean {
  return (context.traceFlags & TraceFlags.SAMPLED) !== 0;
}

/** Hands on what is sampled, and of the rest what failed. */
export class KeepFailures implements SpanProcessor {
  constructor(private readonly next: SpanProcessor) {}

  onStart(...of: Parameters<SpanProcessor['onStart']>): void {
    this.next.onStart(...of);
  }

  onEnd(span: ReadableSpan): void {
    if (span.status.code === SpanStatusCode.ERROR) this.next.onEnd(asSampled(withoutContents(span)));
    else if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0) this.next.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.next.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.next.shutdown();
  }
}

const DATABASE = '@opentelemetry/instrumentation-pg';

/** The database quotes what it refused, which may be a customer's words. Its code is an attribute, and the log tells the rest. */
function withoutContents(span: ReadableSpan): ReadableSpan {
  if (span.instrumentationScope.name !== DATABASE) return span;
  return Object.create(span, { status: { value: { code: span.status.code } } }) as ReadableSpan;
}

/** The same span, which exporters do not pass over. */
function asSampled(span: ReadableSpan): ReadableSpan {
  const context = span.spanContext();
  const sampled = { ...context, traceFlags: context.traceFlags | TraceFlags.SAMPLED };
  return Object.create(span, { spanContext: { value: () => sampled } }) as ReadableSpan;
}
