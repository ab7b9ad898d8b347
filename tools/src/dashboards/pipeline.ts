import { percentiles, rate, type Dashboard, type Panel } from './dashboard.js';
import { HAD_BEFORE, LONGEST_UNPUBLISHED, NOT_YET_PUBLISHED, PUBLISHED, SETTLED } from './shared-panels.js';

const DOOR: readonly Panel[] = [
  {
    title: 'Webhook requests',
    description: "By what became of them: rejected is the sender's fault, shed is load (429), failed is ours (5xx).",
    unit: 'reqps',
    queries: [{ expr: rate('onceline_ingress_requests_total', 'outcome'), legend: '{{outcome}}' }],
  },
  {
    title: 'Acknowledgement',
    description:
      'From the head of a request to its 200. Almost all of it is Kafka, which waits for all replicas. A dot leads to a trace.',
    unit: 's',
    queries: percentiles('onceline_ingress_ack_seconds', { exemplars: true }),
  },
  {
    title: 'In flight',
    description: 'Bodies that wait for the broker. At MAX_IN_FLIGHT_REQUESTS more are answered 429.',
    unit: 'short',
    queries: [{ expr: 'sum(onceline_ingress_in_flight_requests)', legend: 'requests' }],
  },
];

const DEDUPE: readonly Panel[] = [
  {
    title: 'Records of raw',
    description: 'What dedupe committed: first copies go on, the others do not.',
    unit: 'cps',
    queries: [{ expr: rate('onceline_dedupe_records_total', 'result'), legend: '{{result}}' }],
  },
  {
    title: 'Behind raw',
    description: 'Records of telegram.updates.raw that dedupe has not read, by partition.',
    unit: 'short',
    queries: [{ expr: 'max by (partition) (onceline_dedupe_lag_records)', legend: 'partition {{partition}}' }],
  },
  {
    title: 'Longest in raw',
    description: 'Age of the oldest update that has not passed dedupe, in any partition. Alert: OldestNotDeduped.',
    unit: 's',
    queries: [{ expr: 'max(onceline_dedupe_unread_oldest_seconds)', legend: 'oldest' }],
  },
  {
    title: 'Transaction',
    description: 'Writes, offset and commit of one batch in Kafka.',
    unit: 's',
    queries: percentiles('onceline_dedupe_transaction_seconds'),
  },
];

const TICKETING: readonly Panel[] = [
  SETTLED,
  {
    title: 'Behind unique',
    description: 'Records that ticketing has not read, by topic.',
    unit: 'short',
    queries: [{ expr: 'sum by (topic) (onceline_ticketing_consumer_lag_records)', legend: '{{topic}}' }],
  },
  {
    title: 'Longest unsettled',
    description: 'Age of the oldest record that ticketing has not settled, by topic. Alert: OldestNotRecorded.',
    unit: 's',
    queries: [{ expr: 'max by (topic) (onceline_ticketing_unread_oldest_seconds)', legend: '{{topic}}' }],
  },
  {
    title: 'One batch',
    description: 'Time to settle a batch in one transaction of PostgreSQL.',
    unit: 's',
    queries: percentiles('onceline_ticketing_batch_seconds'),
  },
  {
    title: 'Records in a batch',
    description: 'On average. More under load: that is how ticketing keeps up.',
    unit: 'short',
    queries: [
      {
        expr: `${rate('onceline_ticketing_batch_records_sum')} / ${rate('onceline_ticketing_batch_records_count')}`,
        legend: 'records',
      },
    ],
  },
  {
    title: 'From webhook to outcome',
    description: 'From the webhook request to the commit of its outcome, retries included. A dot leads to a trace.',
    unit: 's',
    queries: percentiles('onceline_ticketing_update_latency_seconds', { exemplars: true }),
  },
  HAD_BEFORE,
];

const PUBLISHING: readonly Panel[] = [
  PUBLISHED,
  NOT_YET_PUBLISHED,
  LONGEST_UNPUBLISHED,
  {
    title: 'From webhook to tickets.events',
    description:
      'From the webhook request to the acknowledgement of its events in tickets.events. A dot leads to a trace.',
    unit: 's',
    queries: percentiles('onceline_ticketing_event_latency_seconds', { exemplars: true }),
  },
];

export const pipeline: Dashboard = {
  name: 'pipeline',
  title: 'Onceline: pipeline',
  description: 'One row for each stage that an update passes: how many, how far behind, how long.',
  rows: [
    { title: 'The door (ingress)', panels: DOOR },
    { title: 'Each update once (dedupe)', panels: DEDUPE },
    { title: 'One outcome each (ticketing)', panels: TICKETING },
    { title: 'What others hear of it (outbox)', panels: PUBLISHING },
  ],
};
