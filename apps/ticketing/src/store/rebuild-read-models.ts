import { differingTickets } from './compare-read-models.js';
import { copyHistories } from './copy-histories.js';
import { givingWay, untilFree } from './giving-way.js';
import { inTransaction } from './in-transaction.js';
import { READ_MODELS } from './read-models.js';
import type { Session, WithSession } from './session.js';
import { createShadow, createFurtherIndexes, dropShadow, switchToShadow } from './shadow-tables.js';

export interface RebuildOptions {
  /** False compares only. Default true. */
  readonly replace?: boolean;
  readonly onProgress?: (line: string) => void;
}

export interface Rebuilt {
  /** Events that the load has read, before what was written meanwhile. */
  readonly events: number;
  readonly tickets: number;
  /** Tickets of which the live read models were not what their events say. */
  readonly differing: readonly string[];
  /** For how long nobody could read or write a ticket. */
  readonly lockedMs: number;
}

/** Another one has begun and not ended: two would drop each other's tables. */
export class RebuildRunning extends Error {
  constructor() {
    super('another rebuild or check of the read models is running');
    this.name = 'RebuildRunning';
  }
}

/** A transaction of somebody else held the read models for so long that we gave up. */
export class ReadModelsHeld extends Error {
  constructor() {
    super('other transactions kept holding the read models: nothing was replaced');
    this.name = 'ReadModelsHeld';
  }
}

/**
 * Makes the read models again from the events, beside the live ones, while the service goes on; compares the two; then puts the new
 * ones in place of the old ones.
 * @throws RebuildRunning
 * @throws ReadModelsHeld
 */
export function rebuildReadModels(withSession: WithSession, options: RebuildOptions = {}): Promise<Rebuilt> {
  return withSession((writer) =>
    alone(writer, async () => {
      const rebuilt = await withSession((reader) => new Rebuild(reader, writer, options).run()).catch(
        async (error: unknown) => {
          // What is left of it goes at the next try at the latest.
          await dropShadow(writer).catch(() => undefined);
          throw error;
        },
      );
      await dropShadow(writer);
      return rebuilt;
    }),
  );
}

const LOCK = {
  name: 'rebuild-lock',
  text: `select pg_try_advisory_lock(hashtext('onceline.ticketing.rebuild')) as locked`,
};
const UNLOCK = { name: 'rebuild-unlock', text: `select pg_advisory_unlock(hashtext('onceline.ticketing.rebuild'))` };

/** The lock lives and dies with its connection. What is written can be written again, so no commit waits for the disk. */
async function alone<Result>(session: Session, work: () => Promise<Result>): Promise<Result> {
  const { rows } = await session.query<{ locked: boolean }>(LOCK, []);
  if (rows[0]?.locked !== true) throw new RebuildRunning();
  try {
    await session.command(`set synchronous_commit = off; set maintenance_work_mem = '256MB'`);
    return await work();
  } finally {
    await session
      .command('reset synchronous_commit; reset maintenance_work_mem')
      .then(() => session.query(UNLOCK, []))
      .catch(() => session.discard());
  }
}

/** So few tickets are made again while everybody waits. */
const FEW = 200;
const MAX_ROUNDS = 20;
const TABLES = READ_MODELS.map(({ table }) => `ticketing.${table}`).join(', ');

/** Events that a snapshot does not see have this transaction number, or a higher one. */
const SNAPSHOT = { name: 'rebuild-snapshot', text: 'select pg_snapshot_xmin(pg_current_snapshot())::text as xmin' };
const TOUCHED = {
  name: 'rebuild-touched',
  text: 'select distinct ticket_id from ticketing.events where tx_id >= $1::xid8',
};

class Rebuild {
  /** Tickets that may have changed since the live tables were compared. */
  private readonly touched = new Set<string>();

  constructor(
    private readonly reader: Session,
    private readonly writer: Session,
    private readonly options: RebuildOptions,
  ) {}

  async run(): Promise<Rebuilt> {
    await createShadow(this.writer);
    const load = await this.atOneMoment((since) => this.copy(this.reader).then((copied) => ({ since, ...copied })));
    this.say(`${load.events} events of ${load.tickets} tickets read`);
    await createFurtherIndexes(this.writer);
    let since = await this.catchUp(load.since);
    this.touched.clear();
    const suspects = await this.atOneMoment(() => this.compare());
    this.say(`${suspects.size} tickets differ or are being changed`);
    since = await this.catchUp(since);
    const { differing, lockedMs } = await this.finish(since, suspects);
    return { events: load.events, tickets: load.tickets, differing, lockedMs };
  }

  /**
   * One snapshot for all that is read: half of what two tickets of a conversation did might leave both active. It is not the one who writes that
   * holds it, page by page in short transactions: the relay publishes nothing beyond the oldest transaction that writes.
   */
  private async atOneMoment<Result>(work: (xmin: string) => Promise<Result>): Promise<Result> {
    return inTransaction(
      this.reader,
      async () => {
        const { rows } = await this.reader.query<{ xmin: string }>(SNAPSHOT, []);
        return work(rows[0]?.xmin ?? '0');
      },
      // Before the snapshot: one who waited for a rebuild with it would see the new tables empty.
      `begin isolation level repeatable read read only; lock table ${TABLES} in access share mode`,
    );
  }

  /** Makes the tickets again that were touched in the meantime, until they are few. Answers since when others may have been. */
  private async catchUp(since: string): Promise<string> {
    let from = since;
    for (let round = 1; round <= MAX_ROUNDS; round += 1) {
      const { xmin, count } = await this.atOneMoment(async (now) => {
        const ids = await this.touchedSince(this.reader, from);
        await this.copy(this.reader, ids);
        return { xmin: now, count: ids.length };
      });
      from = xmin;
      if (count <= FEW) break;
    }
    return from;
  }

  private async touchedSince(session: Session, since: string): Promise<string[]> {
    const { rows } = await session.query<{ ticket_id: string }>(TOUCHED, [since]);
    const ids = rows.map((row) => row.ticket_id);
    for (const id of ids) this.touched.add(id);
    return ids;
  }

  private copy(from: Session, ids?: readonly string[]) {
    return copyHistories({ from, to: this.writer, ids });
  }

  /** The whole of two tables is wanted, unlike anywhere else. */
  private async compare(): Promise<Set<string>> {
    await this.reader.command(`set local enable_seqscan = on; set local work_mem = '64MB'`);
    return differingTickets(this.reader);
  }

  private async finish(since: string, suspects: ReadonlySet<string>) {
    const finished = await untilFree(
      async (tries) => this.finishLocked(tries === 1 ? since : await this.catchUp(since), suspects),
      (tries) => {
        if (tries % 10 === 1) this.say('other transactions hold the read models: waiting for a moment without them');
      },
    );
    if (!finished) throw new ReadModelsHeld();
    return finished.result;
  }

  /** Nobody else reads or writes a ticket in here. */
  private async finishLocked(since: string, suspects: ReadonlySet<string>) {
    const { replace = true } = this.options;
    let lockedAt = 0;
    const differing = await givingWay(this.writer, async () => {
      await this.writer.command(`lock table ${TABLES} in access exclusive mode`);
      lockedAt = performance.now();
      await this.copy(this.writer, await this.touchedSince(this.writer, since));
      const changing = [...suspects].filter((id) => this.touched.has(id));
      const still = changing.length === 0 ? new Set<string>() : await differingTickets(this.writer, changing);
      if (replace) await switchToShadow(this.writer);
      return [...suspects].filter((id) => !this.touched.has(id) || still.has(id)).sort();
    });
    return { differing, lockedMs: performance.now() - lockedAt };
  }

  private say(line: string): void {
    this.options.onProgress?.(line);
  }
}

const CHECKSUM = {
  name: 'read-model-checksum',
  text: `select md5(coalesce((select string_agg(t::text, E'\\n' order by ticket_id) from ticketing.tickets t), '')
           || '|' || coalesce((select string_agg(m::text, E'\\n' order by bot_id, chat_id, message_id)
                from ticketing.ticket_messages m), '')) as checksum`,
};

/** The same for the same contents, whatever the order in which they were written. */
export async function readModelChecksum(withSession: WithSession): Promise<string> {
  const { rows } = await withSession((session) => session.query<{ checksum: string }>(CHECKSUM, []));
  return rows[0]?.checksum ?? '';
}
