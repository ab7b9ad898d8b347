import { percentiles, rate, type Dashboard, type Panel } from './dashboard.js';
import { processRow } from './process-row.js';
import { TAKEN_INTO_INDEX } from './shared-panels.js';

const HOLDING: readonly Panel[] = [
  {
    title: 'Waiting records',
    description: 'Records in each retry topic.',
    unit: 'short',
    queries: [{ expr: 'max by (topic) (onceline_retry_waiting)', legend: '{{topic}}' }],
  },
  {
    title: 'Oldest held',
    description:
      'Age of the oldest record that each process holds; 0 everywhere while records wait raises RetriesNotHeld.',
    unit: 's',
    queries: [
      { expr: 'max by (instance, topic) (onceline_retry_waiting_oldest_seconds)', legend: '{{instance}}, {{topic}}' },
    ],
  },
  {
    title: 'Sent on',
    description: 'Records that were due and went back, by topic.',
    unit: 'cps',
    queries: [{ expr: rate('onceline_retry_lateness_seconds_count', 'topic'), legend: '{{topic}}' }],
  },
  {
    title: 'Lateness',
    description: 'From the due time of a record to its return. Half a minute at p99 raises the alert RetriesLate.',
    unit: 's',
    queries: percentiles('onceline_retry_lateness_seconds'),
  },
  {
    title: 'Not sent on',
    description: 'Due records that could not be sent on and are tried again; known is false when no rule knows why.',
    unit: 'cps',
    queries: [
      { expr: rate('onceline_retry_forward_failures_total', 'topic', 'known'), legend: '{{topic}}, known {{known}}' },
    ],
  },
  {
    title: 'Due times not believed',
    description: 'Records whose due time could not be true, by where it points. Alert: DueTimesDistrusted.',
    unit: 'cps',
    queries: [
      {
        expr: rate('onceline_retry_due_times_distrusted_total', 'topic', 'direction'),
        legend: '{{topic}}, {{direction}}',
      },
    ],
  },
];

const INDEX: readonly Panel[] = [
  {
    title: 'Dead letters by class',
    description: 'Open ones, by consumer and class.',
    unit: 'short',
    queries: [
      {
        expr: 'max by (consumer, class) (onceline_retry_dead_letters{status="open"})',
        legend: '{{consumer}}, {{class}}',
      },
    ],
  },
  TAKEN_INTO_INDEX,
  {
    title: 'Not in the index',
    description:
      'Dead letters in Kafka that are not in the index, by topic. Five minutes raise the alert DeadLettersNotIndexed.',
    unit: 'short',
    queries: [
      {
        expr: 'sum by (topic) (max by (topic, partition) (onceline_retry_consumer_lag_records{topic=~".*dead-letter"}))',
        legend: '{{topic}}',
      },
    ],
  },
  {
    title: 'Rounds that failed',
    description: 'Work on dead letters that failed and is repeated. Again and again raises DeadLetterWorkFailing.',
    unit: 'cps',
    queries: [{ expr: rate('onceline_retry_dead_letter_failures_total', 'work'), legend: '{{work}}' }],
  },
  {
    title: 'Sent again',
    description: 'Records of redrives that were sent to their consumer again.',
    unit: 'cps',
    queries: [{ expr: rate('onceline_retry_redrive_records_sent_total'), legend: 'sent' }],
  },
  {
    title: 'Notices for the ledger',
    description: 'Discards that the ledger has not heard of. A quarter of an hour raises LedgerNoticesWaiting.',
    unit: 'short',
    queries: [{ expr: 'max(onceline_retry_ledger_notices_waiting)', legend: 'notices' }],
  },
  {
    title: 'Headers not believed',
    description: 'Headers of dead letters that could not be true, and dead letters indexed without any.',
    unit: 'cps',
    queries: [
      { expr: rate('onceline_retry_dead_letter_headers_clamped_total', 'header'), legend: '{{header}}' },
      { expr: rate('onceline_retry_dead_letters_reduced_total'), legend: 'without headers' },
    ],
  },
];

export const retry: Dashboard = {
  name: 'retry',
  title: 'Onceline: retry',
  description: 'The holding room for what waits, and the index of what is dead.',
  rows: [
    { title: 'The holding room', panels: HOLDING },
    { title: 'The index of dead letters', panels: INDEX },
    processRow('retry'),
  ],
};
