/** A W3C `traceparent`, taken apart. */
export interface Traceparent {
  /** 32 hexadecimal digits, not all 0. */
  readonly traceId: string;
  /** 16 hexadecimal digits, not all 0. */
  readonly spanId: string;
  /** The lowest bit says that the trace is recorded. */
  readonly flags: number;
}

const FORM = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-[\x21-\x7e]{0,200})?$/;
const FIRST_VERSION = '00';
const NO_VERSION = 'ff';

/**
 * Reads a `traceparent` as W3C Trace Context says: versions to come may have more at the end, the first one has not, and ids of zeros name
 * nothing. Undefined when it is none.
 */
export function parseTraceparent(text: string | null | undefined): Traceparent | undefined {
  const match = FORM.exec(text ?? '');
  if (match === null) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', more] = match;
  if (version === NO_VERSION || (version === FIRST_VERSION && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, flags: parseInt(flags, 16) };
}
