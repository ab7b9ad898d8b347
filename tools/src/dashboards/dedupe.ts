import { inADay, percentiles, rate, type Dashboard, type Panel } from './dashboard.js';
import { processRow } from './process-row.js';

const WORK: readonly Panel[] = [
  {
    title: 'Records of raw',
    description:
      'What was committed: first copies go on, duplicates are recorded, collisions and the unreadable are dead letters.',
    unit: 'cps',
    queries: [{ expr: rate('onceline_dedupe_records_total', 'result'), legend: '{{result}}' }],
  },
  {
    title: 'Behind raw',
    description: 'Records not read yet, by partition. A thousand for long raises the alert DedupeLagging.',
    unit: 'short',
    queries: [{ expr: 'max by (partition) (onceline_dedupe_lag_records)', legend: 'partition {{partition}}' }],
  },
  {
    title: 'Transaction',
    description: 'Writes, offset and commit of one batch.',
    unit: 's',
    queries: percentiles('onceline_dedupe_transaction_seconds'),
  },
  {
    title: 'Partitions held',
    description: 'By process. Fewer in all than before raise the alert DedupePartitionsUnheld.',
    unit: 'short',
    queries: [{ expr: 'count by (instance) (onceline_dedupe_lag_records)', legend: '{{instance}}' }],
  },
];

const MEMORY: readonly Panel[] = [
  {
    title: 'Keys held',
    description: 'Idempotency keys in memory, by process.',
    unit: 'short',
    queries: [{ expr: 'max by (instance) (onceline_dedupe_keys_held)', legend: '{{instance}}' }],
  },
  {
    title: 'Their memory',
    description: 'Bytes of these keys, index and slack included.',
    unit: 'bytes',
    queries: [{ expr: 'max by (instance) (onceline_dedupe_state_bytes)', legend: '{{instance}}' }],
  },
  {
    title: 'Bytes per key',
    description: 'One by the other. High with few keys: room is made in advance.',
    unit: 'bytes',
    queries: [{ expr: 'max by (instance) (onceline_dedupe_bytes_per_key)', legend: '{{instance}}' }],
  },
  {
    title: 'Restore',
    description: 'How long the last restore of each partition took; until then it is not read.',
    unit: 's',
    queries: [{ expr: 'max by (partition) (onceline_dedupe_restore_seconds)', legend: 'partition {{partition}}' }],
  },
];

const LOSS: readonly Panel[] = [
  {
    title: 'Never came, 24 h',
    description: 'Update ids missing for more than a day, by bot, found within a day. Alert: UpdatesSuspectedLost.',
    unit: 'short',
    queries: [{ expr: inADay('onceline_dedupe_suspected_losses_total', 'bot'), legend: 'bot {{bot}}' }],
  },
  {
    title: 'Watched for losses',
    description: '1 while this process holds all partitions, each restored. With fewer it sees only some ids.',
    unit: 'short',
    queries: [{ expr: 'max by (instance) (onceline_dedupe_gaps_watched)', legend: '{{instance}}' }],
  },
  {
    title: 'Deleted, forgotten, unreadable',
    description:
      'Updates deleted unread, stretches of ids forgotten early, and records of the changelog that nobody can read.',
    unit: 'cps',
    queries: [
      { expr: rate('onceline_dedupe_raw_records_lost_total'), legend: 'updates deleted unread' },
      { expr: rate('onceline_dedupe_gap_stretches_forgotten_total'), legend: 'stretches forgotten' },
      { expr: rate('onceline_dedupe_changelog_records_skipped_total'), legend: 'changelog unreadable' },
    ],
  },
];

export const dedupe: Dashboard = {
  name: 'dedupe',
  title: 'Onceline: dedupe',
  description: 'Each update once: its work, its memory of keys, and what it notices of losses.',
  rows: [
    { title: 'Its work', panels: WORK },
    { title: 'Its memory', panels: MEMORY },
    { title: 'What is missing', panels: LOSS },
    processRow('dedupe'),
  ],
};
