import type { Panel, Row } from './dashboard.js';

/** How the processes of a service fare: these metrics have no service of their own, so that each is joined with what runs. */
export function processRow(service: string): Row {
  const info = `onceline_build_info{service="${service}"}`;
  const ours = (expr: string): string => `${expr} and on (job, instance) ${info}`;
  return {
    title: 'Its processes',
    panels: [
      {
        title: 'Processor',
        description: 'Share of one processor that each process takes. Near 1 it can do no more.',
        unit: 'percentunit',
        queries: [{ expr: ours('rate(process_cpu_seconds_total[$__rate_interval])'), legend: '{{instance}}' }],
      },
      {
        title: 'Memory',
        description: 'Memory in use, and the part of it that is the JavaScript heap.',
        unit: 'bytes',
        queries: [
          { expr: ours('process_resident_memory_bytes'), legend: '{{instance}}' },
          { expr: ours('nodejs_heap_size_used_bytes'), legend: '{{instance}}, heap' },
        ],
      },
      {
        title: 'Event loop delay',
        description: '99th percentile. Half a second, again and again, raises the alert EventLoopBlocked.',
        unit: 's',
        queries: [{ expr: ours('nodejs_eventloop_lag_p99_seconds'), legend: '{{instance}}' }],
      },
      {
        title: 'Garbage collection',
        description: 'Share of the time that goes into it.',
        unit: 'percentunit',
        queries: [
          {
            expr: ours('sum by (job, instance) (rate(nodejs_gc_duration_seconds_sum[$__rate_interval]))'),
            legend: '{{instance}}',
          },
        ],
      },
      {
        title: 'Running for',
        description: 'Time since each process started. Short again and again raises the alert RestartingAgainAndAgain.',
        unit: 's',
        queries: [{ expr: ours('time() - process_start_time_seconds'), legend: '{{instance}}' }],
      },
      spans(ours),
      {
        title: 'Versions',
        description: 'How many processes run each version. Two lines are a roll-out, or one that got stuck.',
        unit: 'short',
        queries: [{ expr: `sum by (version, node) (${info})`, legend: '{{version}} on Node {{node}}' }],
      },
    ],
  };
}

function spans(ours: (expr: string) => string): Panel {
  return {
    title: 'Spans',
    description: 'Recorded spans by what became of them; failed and dropped again and again raise SpansLost.',
    unit: 'cps',
    queries: [
      {
        expr: ours('sum by (job, instance, result) (rate(onceline_spans_total[$__rate_interval]))'),
        legend: '{{instance}}, {{result}}',
      },
    ],
  };
}
