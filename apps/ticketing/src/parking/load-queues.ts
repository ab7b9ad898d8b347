import type { SettleRules } from '../store/settle-batch.js';
import type { Session, Statement } from '../store/session.js';
import type { LoadedQueue, QueuedUpdate } from './parked-conversations.js';

/** The beginning of each queue behind a head that came back. Sizes are known without reading the values. */
const LOAD_QUEUES: Statement = {
  name: 'load-queues',
  text: `select p.conversation, p.version::text, q.*
    from ticketing.parked_conversations p
    left join lateral (
      select sized.* from (
        select seq, record_key, value, headers, origin_topic, origin_partition, origin_offset, origin_timestamp, parked_at,
          sum(coalesce(octet_length(value), 0)) over (order by seq) - coalesce(octet_length(value), 0) as bytes_before
        from (select * from ticketing.parked_updates u where u.conversation = p.conversation order by seq limit $2) as u
      ) as sized where bytes_before < $3::bigint
    ) as q on true
    where p.head_key = any($1::text[])
    order by p.conversation, q.seq`,
};

interface QueueRow {
  conversation: string;
  version: string;
  /** Null where nothing waits behind the head. */
  seq: string | null;
  record_key: string | null;
  value: Buffer | null;
  headers: Record<string, string>;
  origin_topic: string;
  origin_partition: number;
  origin_offset: string;
  origin_timestamp: string;
  parked_at: Date;
}

/** What all queues of one batch may hold together, so that a thousand heads cost no more memory than one. */
const UPDATES_IN_ALL = 2000;
const BYTES_IN_ALL = 16 * 1024 * 1024;

/** One more than will be settled, if there is one: it may have to become the head. */
export async function loadQueues(
  session: Session,
  keys: readonly string[],
  { drainLimit, receive }: Pick<SettleRules, 'drainLimit' | 'receive'>,
): Promise<ReadonlyMap<string, LoadedQueue>> {
  const share = Math.max(1, Math.floor(UPDATES_IN_ALL / keys.length));
  const { rows } = await session.query<QueueRow>(LOAD_QUEUES, [
    keys,
    Math.min(drainLimit, share) + 1,
    Math.floor(BYTES_IN_ALL / keys.length),
  ]);
  const queues = new Map<string, { version: string; updates: QueuedUpdate[] }>();
  for (const row of rows) {
    const queue = queues.get(row.conversation) ?? { version: row.version, updates: [] };
    queues.set(row.conversation, queue);
    if (row.seq !== null) queue.updates.push(toQueued(row, row.seq, receive));
  }
  return queues;
}

/** As it was read from Kafka when it came: the same bytes give the same command. */
function toQueued(row: QueueRow, seq: string, receive: SettleRules['receive']): QueuedUpdate {
  const update = receive({
    topic: row.origin_topic,
    partition: row.origin_partition,
    offset: Number(row.origin_offset),
    timestamp: Number(row.origin_timestamp),
    key: row.record_key,
    value: row.value,
    headers: row.headers,
  });
  return { update, seq, parkedAt: row.parked_at.getTime() };
}
