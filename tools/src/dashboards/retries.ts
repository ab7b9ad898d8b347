import { percentiles, rate, type Dashboard, type Panel } from './dashboard.js';
import { TAKEN_INTO_INDEX } from './shared-panels.js';

const TRIES: readonly Panel[] = [
  {
    title: 'Tries that failed',
    description: 'They will be repeated, by cause. Many at once raise the alert RetrySpike.',
    unit: 'cps',
    queries: [{ expr: rate('onceline_ticketing_retries_total', 'code'), legend: '{{code}}' }],
  },
  {
    title: 'Tries until the outcome',
    description: 'On average over the updates that got one: 1 when all is well.',
    unit: 'short',
    queries: [
      {
        expr: `${rate('onceline_ticketing_attempts_sum')} / ${rate('onceline_ticketing_attempts_count')}`,
        legend: 'tries',
      },
    ],
  },
  {
    title: 'Not at the first try',
    description: 'Share of the updates that needed more than one try for their outcome.',
    unit: 'percentunit',
    queries: [
      {
        expr: `1 - ${rate('onceline_ticketing_attempts_bucket{le=~"1(\\\\.0)?"}')} / ${rate('onceline_ticketing_attempts_count')}`,
        legend: 'more than one try',
      },
    ],
  },
  {
    title: 'Failures that no rule knows',
    description: 'In ticketing by what failed, in retry by work. Each is a defect, or a rule that is missing.',
    unit: 'cps',
    queries: [
      { expr: rate('onceline_ticketing_unknown_failures_total', 'work'), legend: 'ticketing, {{work}}' },
      { expr: rate('onceline_retry_forward_failures_total{known="false"}'), legend: 'retry, sending on' },
      { expr: rate('onceline_retry_dead_letter_failures_total{known="false"}', 'work'), legend: 'retry, {{work}}' },
    ],
  },
];

const WAITING: readonly Panel[] = [
  {
    title: 'Waiting records',
    description: 'Records in each retry topic.',
    unit: 'short',
    queries: [{ expr: 'max by (topic) (onceline_retry_waiting)', legend: '{{topic}}' }],
  },
  {
    title: 'Oldest that waits',
    description:
      'Age of the oldest record that is held, by topic. More than its rung is late: the alert RetriesOverdue.',
    unit: 's',
    queries: [{ expr: 'max by (topic) (onceline_retry_waiting_oldest_seconds)', legend: '{{topic}}' }],
  },
  {
    title: 'Lateness',
    description: 'From the due time of a record to its return, by topic. It is never early.',
    unit: 's',
    queries: percentiles('onceline_retry_lateness_seconds', { by: 'topic' }),
  },
  {
    title: 'Parked',
    description: 'Conversations and updates that wait in the database for the update that failed.',
    unit: 'short',
    queries: [
      { expr: 'max(onceline_ticketing_parked_conversations)', legend: 'conversations' },
      { expr: 'max(onceline_ticketing_parked_updates)', legend: 'updates' },
    ],
  },
  {
    title: 'Longest parked',
    description:
      'How long the conversation that has waited longest has waited. An hour raises the alert ParkedTooLong.',
    unit: 's',
    queries: [{ expr: 'max(onceline_ticketing_parked_oldest_seconds)', legend: 'longest' }],
  },
  {
    title: 'Not sent on, not believed',
    description: 'Due records that could not be sent on and are tried again, and due times that could not be true.',
    unit: 'cps',
    queries: [
      { expr: rate('onceline_retry_forward_failures_total', 'topic'), legend: 'not sent on, {{topic}}' },
      { expr: rate('onceline_retry_due_times_distrusted_total', 'direction'), legend: 'due time, {{direction}}' },
    ],
  },
];

const DEAD: readonly Panel[] = [
  {
    title: 'Dead letters',
    description:
      'In the index, by consumer and by where they stand. Open ones that grow raise the alert DeadLettersGrowing.',
    unit: 'short',
    queries: [
      {
        expr: 'sum by (consumer, status) (max by (consumer, class, status) (onceline_retry_dead_letters))',
        legend: '{{consumer}}, {{status}}',
      },
    ],
  },
  {
    title: 'Longest open',
    description: 'Age of the oldest open dead letter. A day raises the alert DeadLetterForgotten.',
    unit: 's',
    queries: [{ expr: 'max by (consumer) (onceline_retry_dead_letter_oldest_open_seconds)', legend: '{{consumer}}' }],
  },
  {
    title: 'Given up',
    description: 'Updates that ticketing gave up, by cause.',
    unit: 'cps',
    queries: [{ expr: rate('onceline_ticketing_dead_letters_total', 'code'), legend: '{{code}}' }],
  },
  TAKEN_INTO_INDEX,
  {
    title: 'Redrives',
    description: 'By state: running, stopped by a canary, cancelled, finished.',
    unit: 'short',
    queries: [{ expr: 'max by (state) (onceline_retry_redrives)', legend: '{{state}}' }],
  },
  {
    title: 'Records of redrives',
    description: 'Of the redrives that run or wait for outcomes, and how many are sent again.',
    unit: 'short',
    queries: [{ expr: 'max by (state) (onceline_retry_redrive_records)', legend: '{{state}}' }],
  },
];

export const retries: Dashboard = {
  name: 'retries',
  title: 'Onceline: retries and dead letters',
  description: 'What failed, what waits for its next try, and what was given up.',
  rows: [
    { title: 'What fails', panels: TRIES },
    { title: 'What waits', panels: WAITING },
    { title: 'What is dead', panels: DEAD },
  ],
};
