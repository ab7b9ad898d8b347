/** The formats of /metrics. OpenMetrics is the one that is made; the older text format, which has no exemplars, is made from it. */
import { Registry } from 'prom-client';

/** Content type of {@link plainText}. */
export const PLAIN_TEXT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** Whether this asker takes text and says nothing of OpenMetrics: browsers, and scrapers that are older than it. */
export function wantsPlainText(accept: string | undefined): boolean {
  return accept !== undefined && /\btext\//.test(accept) && !accept.includes('openmetrics-text');
}

/**
 * OpenMetrics as prom-client writes it, in the format of before. prom-client itself cannot: once it has written a counter as OpenMetrics,
 * it has forgotten the end of its name.
 */
export function plainText(openMetrics: string): string {
  return openMetrics
    .replace(/^# EOF\n/m, '')
    .replace(/^# HELP (\S+) (.*)\n# TYPE \1 counter$/gm, '# HELP $1_total $2\n# TYPE $1_total counter')
    .replace(/ # \{trace_id="[\da-f]{32}"\} \S+ \S+$/gm, '');
}
