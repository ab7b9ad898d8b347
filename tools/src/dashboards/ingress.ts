import { inADay, percentiles, rate, type Dashboard, type Panel } from './dashboard.js';
import { processRow } from './process-row.js';

const DOOR: readonly Panel[] = [
  {
    title: 'Requests',
    description: "By what became of them: rejected is the sender's fault, shed is load (429), failed is ours (5xx).",
    unit: 'reqps',
    queries: [{ expr: rate('onceline_ingress_requests_total', 'outcome'), legend: '{{outcome}}' }],
  },
  {
    title: 'Refused',
    description: 'Requests that got no 200, by reason.',
    unit: 'reqps',
    queries: [{ expr: rate('onceline_ingress_rejected_total', 'reason'), legend: '{{reason}}' }],
  },
  {
    title: 'Acknowledgement',
    description: 'From the head of a request to its 200. Half a second at p99 raises AckSlow. A dot leads to a trace.',
    unit: 's',
    queries: percentiles('onceline_ingress_ack_seconds', { exemplars: true }),
  },
  {
    title: 'In flight',
    description: 'Bodies that wait for the broker, by process; its limit is MAX_IN_FLIGHT_REQUESTS.',
    unit: 'short',
    queries: [{ expr: 'max by (instance) (onceline_ingress_in_flight_requests)', legend: '{{instance}}' }],
  },
  {
    title: 'Bytes in flight',
    description: 'Bytes of these bodies, by process; the limit is MAX_IN_FLIGHT_BYTES.',
    unit: 'bytes',
    queries: [{ expr: 'max by (instance) (onceline_ingress_in_flight_bytes)', legend: '{{instance}}' }],
  },
  {
    title: 'Kinds of updates',
    description: 'Accepted updates by kind. Those that this version does not know share "unknown".',
    unit: 'cps',
    queries: [{ expr: rate('onceline_ingress_updates_total', 'kind'), legend: '{{kind}}' }],
  },
  {
    title: 'Drift',
    description: 'Updates with a kind or a field that this version does not know. Alert: PayloadDrift.',
    unit: 'cps',
    queries: [{ expr: rate('onceline_ingress_drift_total'), legend: 'unknown' }],
  },
  {
    title: 'Unknown by name, 24 h',
    description: 'Kinds and fields of these updates. Names that do not look like the Bot API, or too many, are other.',
    unit: 'short',
    shape: 'table',
    queries: [
      {
        expr: inADay('onceline_ingress_unknown_parts_total', 'part', 'name'),
        legend: '{{part}} {{name}}',
      },
    ],
  },
];

const REGISTRATION: readonly Panel[] = [
  {
    title: 'State',
    description:
      'What the last look found, 1 for the state that holds: lost and foreign go nowhere, drifted needs a look.',
    unit: 'short',
    queries: [
      { expr: 'max by (bot, state) (onceline_ingress_webhook_registration)', legend: 'bot {{bot}}, {{state}}' },
    ],
  },
  {
    title: 'Time to loss',
    description: 'Until Telegram drops updates if things go on as they do, by the limit that is reached first.',
    unit: 's',
    queries: [
      {
        expr: 'min by (bot, limit) (onceline_ingress_webhook_time_to_loss_seconds)',
        legend: 'bot {{bot}}, {{limit}}',
      },
    ],
  },
  {
    title: 'Waiting at Telegram',
    description: 'Updates that Telegram keeps, those on their way included.',
    unit: 'short',
    queries: [{ expr: 'max by (bot) (onceline_ingress_webhook_pending_updates)', legend: 'bot {{bot}}' }],
  },
  {
    title: 'Their growth',
    description: 'Slope of the updates that wait at Telegram. Above 0 for long: we are too slow, or we refuse.',
    unit: 'cps',
    queries: [{ expr: 'max by (bot) (onceline_ingress_webhook_pending_growth_per_second)', legend: 'bot {{bot}}' }],
  },
  {
    title: 'Looks',
    description: 'Looks at the registration by what came of them. Without ok the other figures here are old.',
    unit: 'cps',
    queries: [{ expr: rate('onceline_ingress_webhook_looks_total', 'result'), legend: '{{result}}' }],
  },
  {
    title: 'Since the last look',
    description: 'Half an hour raises the alert RegistrationUnseen.',
    unit: 's',
    queries: [
      {
        expr: 'time() - max by (bot) (onceline_ingress_webhook_looked_timestamp_seconds)',
        legend: 'bot {{bot}}',
      },
    ],
  },
  {
    title: 'Errors and repairs',
    description: 'Looks that found a newer error than before, by source, and registrations made by the watch.',
    unit: 'cps',
    queries: [
      { expr: rate('onceline_ingress_webhook_errors_total', 'source'), legend: 'error, {{source}}' },
      { expr: rate('onceline_ingress_webhook_repairs_total', 'result'), legend: 'repair, {{result}}' },
    ],
  },
];

export const ingress: Dashboard = {
  name: 'ingress',
  title: 'Onceline: ingress',
  description:
    'The door for Telegram, and its registration there. The second row is empty where the watch does not run.',
  rows: [
    { title: 'The door', panels: DOOR },
    { title: 'The registration with Telegram', panels: REGISTRATION },
    processRow('ingress'),
  ],
};
