import { rate, type Panel } from './dashboard.js';

/** Panels that stand in two dashboards: in that of the service, and where the whole path or the whole retry is shown. */
export const SETTLED: Panel = {
  title: 'Outcomes',
  description: 'Updates by their recorded outcome; parked once for each time that one waits.',
  unit: 'cps',
  queries: [{ expr: rate('onceline_ticketing_updates_settled_total', 'outcome'), legend: '{{outcome}}' }],
};

export const HAD_BEFORE: Panel = {
  title: 'Had before',
  description: 'Records that changed nothing: their update had its outcome, or nobody waited for that redelivery.',
  unit: 'cps',
  queries: [
    { expr: rate('onceline_ticketing_updates_settled_before_total'), legend: 'had its outcome' },
    { expr: rate('onceline_ticketing_redeliveries_stale_total'), legend: 'nobody waited' },
  ],
};

export const PUBLISHED: Panel = {
  title: 'Published',
  description: 'Records that left: events of tickets, and from the outbox retries and dead letters.',
  unit: 'cps',
  queries: [{ expr: rate('onceline_ticketing_records_published_total', 'source'), legend: '{{source}}' }],
};

export const NOT_YET_PUBLISHED: Panel = {
  title: 'Not yet published',
  description: 'Committed records that are not published, 100,000 at most.',
  unit: 'short',
  queries: [{ expr: 'max by (source) (onceline_ticketing_outbox_backlog_records)', legend: '{{source}}' }],
};

export const LONGEST_UNPUBLISHED: Panel = {
  title: 'Longest unpublished',
  description: 'Age of the oldest of them. A minute raises the alert OutboxStuck.',
  unit: 's',
  queries: [{ expr: 'max by (source) (onceline_ticketing_outbox_oldest_seconds)', legend: '{{source}}' }],
};

export const TAKEN_INTO_INDEX: Panel = {
  title: 'Taken into the index',
  description: 'New dead letters by consumer, and copies of those that were there.',
  unit: 'cps',
  queries: [
    { expr: rate('onceline_retry_dead_letters_indexed_total', 'consumer'), legend: '{{consumer}}' },
    { expr: rate('onceline_retry_dead_letter_copies_total'), legend: 'copies' },
  ],
};
