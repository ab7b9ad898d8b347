import { percentiles, rate, type Dashboard, type Panel } from './dashboard.js';
import { processRow } from './process-row.js';
import { HAD_BEFORE, LONGEST_UNPUBLISHED, NOT_YET_PUBLISHED, PUBLISHED, SETTLED } from './shared-panels.js';

const OUTCOMES: readonly Panel[] = [
  SETTLED,
  {
    title: 'Ignored',
    description: 'Updates that need no ticket, by reason.',
    unit: 'cps',
    queries: [{ expr: rate('onceline_ticketing_updates_ignored_total', 'reason'), legend: '{{reason}}' }],
  },
  {
    title: 'From webhook to outcome',
    description: 'From the webhook request to the commit of its outcome, retries included. Alert: UpdatesLate.',
    unit: 's',
    queries: percentiles('onceline_ticketing_update_latency_seconds', { exemplars: true }),
  },
  {
    title: 'Copies recorded',
    description: 'Refused copies in the ledger, and duplicate records that could not be recorded.',
    unit: 'cps',
    queries: [
      { expr: rate('onceline_ticketing_duplicates_recorded_total'), legend: 'recorded' },
      { expr: rate('onceline_ticketing_duplicates_malformed_total'), legend: 'set aside' },
    ],
  },
  HAD_BEFORE,
  {
    title: 'Headers not believed',
    description: 'Headers of redeliveries that could not be true. Alert: TicketingHeadersDistrusted.',
    unit: 'cps',
    queries: [{ expr: rate('onceline_ticketing_headers_distrusted_total', 'header'), legend: '{{header}}' }],
  },
];

const WORK: readonly Panel[] = [
  {
    title: 'Behind the log',
    description: 'Records not read yet, by topic and partition. A thousand for long raises the alert TicketingLagging.',
    unit: 'short',
    queries: [
      {
        expr: 'max by (topic, partition) (onceline_ticketing_consumer_lag_records)',
        legend: '{{topic}}, {{partition}}',
      },
    ],
  },
  {
    title: 'One batch',
    description: 'Time to settle a batch in one transaction.',
    unit: 's',
    queries: percentiles('onceline_ticketing_batch_seconds'),
  },
  {
    title: 'Records in a batch',
    description: 'Percentiles of the size of a batch; its limit is TICKETING_MAX_BATCH.',
    unit: 'short',
    queries: percentiles('onceline_ticketing_batch_records'),
  },
  {
    title: 'Breakers',
    description: '0 closed, 1 half open, 2 open, for the database and for too many dead letters.',
    unit: 'none',
    queries: [{ expr: 'max by (breaker) (onceline_ticketing_breaker_state)', legend: '{{breaker}}' }],
  },
  {
    title: 'Paused',
    description: '1 while a process does not consume because the database is away.',
    unit: 'none',
    queries: [{ expr: 'max by (instance) (onceline_ticketing_consumer_paused)', legend: '{{instance}}' }],
  },
  {
    title: 'Failures that no rule knows',
    description: 'By what failed. Each is a defect, or a rule that is missing.',
    unit: 'cps',
    queries: [{ expr: rate('onceline_ticketing_unknown_failures_total', 'work'), legend: '{{work}}' }],
  },
];

const OUTBOX: readonly Panel[] = [
  PUBLISHED,
  NOT_YET_PUBLISHED,
  LONGEST_UNPUBLISHED,
  {
    title: 'Clocks behind',
    description:
      'Age of the oldest event that the clocks of tickets have not followed. Two minutes raise the alert ClocksBehind.',
    unit: 's',
    queries: [{ expr: 'max(onceline_ticketing_clocks_oldest_seconds)', legend: 'oldest' }],
  },
  {
    title: 'Refused by Kafka',
    description: 'Records that Kafka can never take, set aside. Alert: OutboxRefused.',
    unit: 'cps',
    queries: [{ expr: rate('onceline_ticketing_outbox_refused_total', 'source'), legend: '{{source}}' }],
  },
];

export const ticketing: Dashboard = {
  name: 'ticketing',
  title: 'Onceline: ticketing',
  description: 'One outcome for each update, and what others hear of it.',
  rows: [
    { title: 'What came of the updates', panels: OUTCOMES },
    { title: 'Its work', panels: WORK },
    { title: 'Its outbox', panels: OUTBOX },
    processRow('ticketing'),
  ],
};
