import { inADay, percentiles, rate, type Dashboard, type Panel } from './dashboard.js';

const LOST: readonly Panel[] = [
  {
    title: 'Webhook answered in time',
    description:
      "Share of the webhook requests that got their 200 within a second, of all that are not the sender's fault. Telegram repeats the others, for a day. Red as the alert WebhookSuccessLow.",
    unit: 'percentunit',
    shape: 'figure',
    redBelow: 0.99,
    queries: [
      {
        expr: `${rate('onceline_ingress_ack_seconds_bucket{le=~"1(\\\\.0)?"}')} / ${rate('onceline_ingress_requests_total{outcome!="rejected"}')}`,
        legend: 'within a second',
      },
    ],
  },
  {
    title: 'Time to loss',
    description:
      'Time until Telegram drops updates if things go on as they do, a day at most. Empty where the watch of the registration does not run. Red as the alert LossNear.',
    unit: 's',
    shape: 'figure',
    redBelow: 14_400,
    queries: [{ expr: 'min by (bot) (onceline_ingress_webhook_time_to_loss_seconds)', legend: 'bot {{bot}}' }],
  },
  {
    title: 'Never came, 24 h',
    description:
      'Update ids that Telegram must have given out and that never came, for more than a day. Alert: UpdatesSuspectedLost.',
    unit: 'short',
    shape: 'figure',
    redFrom: 1,
    queries: [{ expr: inADay('onceline_dedupe_suspected_losses_total'), legend: 'suspected' }],
  },
  {
    title: 'Deleted unread, 24 h',
    description: 'Updates that the retention of Kafka deleted before dedupe had read them. Alert: RawRecordsLost.',
    unit: 'short',
    shape: 'figure',
    redFrom: 1,
    queries: [{ expr: inADay('onceline_dedupe_raw_records_lost_total'), legend: 'lost' }],
  },
  {
    title: 'Key collisions, 24 h',
    description: 'Updates refused because another one has their key. Alert: KeyCollision.',
    unit: 'short',
    shape: 'figure',
    redFrom: 1,
    queries: [{ expr: inADay('onceline_dedupe_records_total{result="collision"}'), legend: 'collisions' }],
  },
  {
    title: 'Refused by Kafka, 24 h',
    description: 'Records that ticketing has committed and that Kafka can never take. Alert: OutboxRefused.',
    unit: 'short',
    shape: 'figure',
    redFrom: 1,
    queries: [{ expr: inADay('onceline_ticketing_outbox_refused_total'), legend: 'refused' }],
  },
  {
    title: 'Found by the audit',
    description:
      'What the last recorded audit named: updates missing or doubled, contradictions. 0 when none was recorded. Alerts: AuditImbalance, AuditOverdue.',
    unit: 'short',
    shape: 'figure',
    redFrom: 1,
    queries: [
      { expr: 'sum(max by (finding) (onceline_ticketing_audit_findings{finding!="pending"}))', legend: 'findings' },
    ],
  },
];

const UNFINISHED: readonly Panel[] = [
  {
    title: 'Dead letters open',
    description:
      'Updates given up that nobody has worked off yet: not lost, but somebody has to look. Alerts: DeadLettersGrowing, DeadLetterForgotten.',
    unit: 'short',
    shape: 'figure',
    redFrom: 1,
    queries: [{ expr: 'sum(max by (consumer, class) (onceline_retry_dead_letters{status="open"}))', legend: 'open' }],
  },
  {
    title: 'Updates parked',
    description: 'Updates that wait for their next try, and those behind them in their conversation.',
    unit: 'short',
    shape: 'figure',
    queries: [{ expr: 'max(onceline_ticketing_parked_updates)', legend: 'parked' }],
  },
  {
    title: 'Longest unread',
    description:
      'How long the oldest record has waited in Kafka for dedupe, and for ticketing. Red as the alerts OldestNotDeduped and OldestNotRecorded.',
    unit: 's',
    shape: 'figure',
    redFrom: 600,
    queries: [
      { expr: 'max(onceline_dedupe_unread_oldest_seconds)', legend: 'dedupe' },
      { expr: 'max(onceline_ticketing_unread_oldest_seconds)', legend: 'ticketing' },
    ],
  },
  {
    title: 'Longest parked',
    description: 'How long the conversation that has waited longest has waited. Red as the alert ParkedTooLong.',
    unit: 's',
    shape: 'figure',
    redFrom: 3600,
    queries: [{ expr: 'max(onceline_ticketing_parked_oldest_seconds)', legend: 'longest' }],
  },
  {
    title: 'Longest unpublished',
    description: 'Age of the oldest record that is committed and not published. Red as the alert OutboxStuck.',
    unit: 's',
    shape: 'figure',
    redFrom: 60,
    queries: [{ expr: 'max(onceline_ticketing_outbox_oldest_seconds)', legend: 'oldest' }],
  },
  {
    title: 'Breakers',
    description:
      'Whether ticketing has stopped itself, for the database or for too many dead letters. Alert: BreakerOpen.',
    unit: 'none',
    shape: 'figure',
    redFrom: 1,
    words: { 0: 'closed', 1: 'half open', 2: 'open' },
    queries: [{ expr: 'max by (breaker) (onceline_ticketing_breaker_state)', legend: '{{breaker}}' }],
  },
  {
    title: 'Processes',
    description:
      'Processes of each service that answer. A service without any is missing here: the alert ServiceAbsent.',
    unit: 'short',
    shape: 'figure',
    redBelow: 1,
    queries: [{ expr: 'sum by (service) (onceline_build_info)', legend: '{{service}}' }],
  },
  {
    title: 'Alerts that fire',
    description: 'What to do about each stands in docs/runbooks.md, under its name.',
    unit: 'short',
    shape: 'table',
    queries: [
      {
        expr: 'count by (severity, alertname) (ALERTS{alertstate="firing"})',
        legend: '{{severity}} {{alertname}}',
        mayBeEmpty: 'nothing fires while all is well.',
      },
    ],
  },
];

const FLOW: readonly Panel[] = [
  {
    title: 'Updates on their way',
    description:
      'Accepted from Telegram, passed on as first copies, and brought to an outcome. The first exceeds the second by the copies; the second and the third are the same, but for what waits.',
    unit: 'cps',
    queries: [
      { expr: rate('onceline_ingress_requests_total{outcome="accepted"}'), legend: 'accepted' },
      { expr: rate('onceline_dedupe_records_total{result="first"}'), legend: 'first copies' },
      { expr: rate('onceline_ticketing_updates_settled_total{outcome!="parked"}'), legend: 'outcomes' },
    ],
  },
  {
    title: 'Webhook requests',
    description: "By what became of them: rejected is the sender's fault, shed is load (429), failed is ours (5xx).",
    unit: 'reqps',
    queries: [{ expr: rate('onceline_ingress_requests_total', 'outcome'), legend: '{{outcome}}' }],
  },
  {
    title: 'From webhook to outcome',
    description: 'From the webhook request to the commit of its outcome, retries included. A dot leads to a trace.',
    unit: 's',
    queries: percentiles('onceline_ticketing_update_latency_seconds', { exemplars: true }),
  },
  {
    title: 'Behind the log',
    description: 'Records that wait in Kafka for dedupe and for ticketing.',
    unit: 'short',
    queries: [
      { expr: 'sum(onceline_dedupe_lag_records)', legend: 'dedupe' },
      { expr: 'sum by (topic) (onceline_ticketing_consumer_lag_records)', legend: 'ticketing, {{topic}}' },
    ],
  },
  {
    title: 'Waiting for a try',
    description: 'Records in each retry topic. Empty rungs are good; what grows without end is not.',
    unit: 'short',
    queries: [{ expr: 'max by (topic) (onceline_retry_waiting)', legend: '{{topic}}' }],
  },
  {
    title: 'Failures',
    description: 'Tries that failed and will be repeated, and updates given up, by cause.',
    unit: 'cps',
    queries: [
      { expr: rate('onceline_ticketing_retries_total', 'code'), legend: 'again: {{code}}' },
      { expr: rate('onceline_ticketing_dead_letters_total', 'code'), legend: 'given up: {{code}}' },
    ],
  },
];

export const overview: Dashboard = {
  name: 'overview',
  title: 'Onceline: is anything being lost?',
  description: 'The one to open first. Red is worth a look; the runbook of an alert says what to do.',
  rows: [
    { title: 'Is anything being lost?', panels: LOST },
    { title: 'Is anything unfinished?', panels: UNFINISHED },
    { title: 'Is everything on its way?', panels: FLOW },
  ],
};
