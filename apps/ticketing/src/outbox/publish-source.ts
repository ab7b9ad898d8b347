import { KafkaError, sendInSpan, type BatchingProducer, type OutgoingRecord } from '@onceline/kafka';
import type { Session } from '../store/session.js';
import type { Cursor, Happening, OutboxSource, SourceRow } from './source.js';

const READ_CURSOR = {
  name: 'read-outbox-cursor',
  text: 'select tx_id::text as "txId", id::text from ticketing.outbox_cursors where source = $1',
};
/** Not waited for on disk: a server that crashes may forget the last moves, and the rows go out again under the same event ids. */
const MOVE_CURSOR = {
  name: 'move-outbox-cursor',
  text: `with hurry as (select set_config('synchronous_commit', 'off', true))
    update ticketing.outbox_cursors set tx_id = $2::xid8, id = $3, updated_at = now() from hurry where source = $1`,
};

/** Kept with their bytes, so that a person can decide; once, also when the page is repeated. */
const SET_ASIDE = {
  name: 'set-outbox-row-aside',
  text: `insert into ticketing.outbox_refused (source, id, topic, key, value, headers, reason)
    values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
};

/** Rows read and sent at once. */
const PAGE_ROWS = 1000;

/** A row that Kafka can never take, whatever one waits for. */
export interface RefusedRow {
  readonly id: string;
  readonly topic: string;
  readonly key: string | null;
  readonly reason: string;
}

/** What became of one page. */
export interface Page {
  /** Rows that went out. */
  readonly published: number;
  /** What they tell of, where it happened outside. */
  readonly happenings: readonly Happening[];
  readonly refused: readonly RefusedRow[];
  /** The page was full: there may be more. */
  readonly more: boolean;
}

/** Publishes one table in commit order, page by page. The cursor moves after Kafka's acknowledgement: at least once. */
export class PublishSource<Row extends SourceRow> {
  private cursor: Cursor | undefined;

  constructor(
    private readonly source: OutboxSource<Row>,
    private readonly session: Session,
    private readonly producer: Pick<BatchingProducer, 'send'>,
  ) {}

  get name(): OutboxSource['name'] {
    return this.source.name;
  }

  /** A throw leaves the cursor where it was. */
  async publishPage(): Promise<Page> {
    const cursor = await this.position();
    const { rows } = await this.session.query<Row>(this.source.fetch, [cursor.txId, cursor.id, PAGE_ROWS]);
    const last = rows.at(-1);
    if (!last) return { published: 0, happenings: [], refused: [], more: false };
    const refused = await this.send(rows);
    await this.session.query(MOVE_CURSOR, [this.source.name, last.tx_id, last.id]);
    this.cursor = { txId: last.tx_id, id: last.id };
    await this.forget(this.cursor);
    const happenings = this.happeningsOf(rows, refused);
    return { published: rows.length - refused.length, happenings, refused, more: rows.length === PAGE_ROWS };
  }

  /** After the cursor, and on disk only with it: a row that has to go out again still has all that it needs. */
  private async forget({ txId, id }: Cursor): Promise<void> {
    if (this.source.forget) await this.session.query(this.source.forget, [txId, id]);
  }

  private happeningsOf(rows: readonly Row[], refused: readonly RefusedRow[]): Happening[] {
    const left = new Set(refused.map(({ id }) => id));
    const published = left.size === 0 ? rows : rows.filter(({ id }) => !left.has(id));
    return published.map((row) => this.source.happeningOf(row)).filter((happening) => happening !== undefined);
  }

  /**
   * All at once and in order: the producer keeps one batch of a partition on the wire and puts a failed one back in front,
   * so the records of one ticket stay in order. All must have answered before a repeat, or old tries would mix with new ones.
   */
  private async send(rows: readonly Row[]): Promise<RefusedRow[]> {
    const outgoing = rows.map((row) => ({ id: row.id, ...this.source.toRecord(row) }));
    const sent = await Promise.allSettled(outgoing.map(({ topic, record }) => this.sendTraced(topic, record)));
    const failures = outgoing.flatMap((row, index) => {
      const result = sent[index];
      return result?.status === 'rejected' ? [{ row, reason: result.reason as unknown }] : [];
    });
    const failed = failures.find(({ reason }) => !isTooLarge(reason));
    if (failed) throw failed.reason;
    // The same bytes are too large for ever: waiting would hold back all that comes behind.
    const refused: RefusedRow[] = [];
    for (const { row, reason } of failures) refused.push(await this.setAside(row, (reason as KafkaError).code));
    return refused;
  }

  private async setAside(
    { id, topic, record }: { id: string; topic: string; record: OutgoingRecord },
    reason: string,
  ): Promise<RefusedRow> {
    const { key, value, headers = {} } = record;
    const values = [this.source.name, id, topic, key, value, JSON.stringify(headers), reason];
    await this.session.query(SET_ASIDE, values);
    return { id, topic, key, reason };
  }

  /** The stored context goes out untouched; the sending shows beside it. */
  private async sendTraced(topic: string, record: OutgoingRecord): Promise<void> {
    await sendInSpan({ topic, record }, {}, () => this.producer.send(topic, record));
  }

  private async position(): Promise<Cursor> {
    if (this.cursor) return this.cursor;
    const { rows } = await this.session.query<Cursor>(READ_CURSOR, [this.source.name]);
    if (!rows[0]) throw new Error(`ticketing.outbox_cursors has no row for ${this.source.name}`);
    return (this.cursor = rows[0]);
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof KafkaError && error.code === 'record-too-large';
}
