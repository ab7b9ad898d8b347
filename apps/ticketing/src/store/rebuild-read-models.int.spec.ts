import { eventually } from '@onceline/testing';
import { readQueue } from '../api/read-queue.js';
import { readTicket } from '../api/read-tickets.js';
import { settling, tracedMessage, withOwnStore, type TestStore } from './fixtures.spec.js';
import { readModelChecksum, RebuildRunning, rebuildReadModels } from './rebuild-read-models.js';
import type { Session, WithSession } from './session.js';
import { settleUpdates } from './settle-updates.js';

let store: TestStore;
withOwnStore((next) => (store = next));

const settle = (count: number, chats: number, first = 1) =>
  settleUpdates(
    Array.from({ length: count }, (_, index) => tracedMessage(first + (index % chats))),
    settling(store.withSession),
  );
const checksum = () => readModelChecksum(store.withSession);
const ids = async () =>
  (
    await store.ask<{ ticket_id: string }>('select ticket_id from ticketing.tickets order by length(chat_id), chat_id')
  ).map(({ ticket_id: id }) => id);
const schemas = () =>
  store.ask<{ nspname: string }>(`select nspname from pg_namespace where nspname like 'ticketing\\_%'`);

/** Sessions that tell before each statement, by its name or else its text. */
function told(withSession: WithSession, before: (what: string, session: Session) => unknown): WithSession {
  const telling = (session: Session): Session => ({
    async query<Row>(statement: Parameters<Session['query']>[0], values: readonly unknown[]) {
      await before(statement.name ?? statement.text, session);
      return session.query<Row>(statement, values);
    },
    async command(sql) {
      await before(sql, session);
      return session.command(sql);
    },
    discard: () => session.discard(),
  });
  return (work) => withSession((session) => work(telling(session)));
}

const once = (needle: string, act: (session: Session) => unknown) => {
  let done = false;
  return async (what: string, session: Session) => {
    if (done || !what.includes(needle)) return;
    done = true;
    await act(session);
  };
};

describe('a rebuild beside the live read models', () => {
  it('names the tickets that were damaged by hand, and mends them', async () => {
    await settle(60, 6);
    const before = await checksum();
    const [changed, unsaid, gone, , moved] = await ids();
    await store.ask(`update ticketing.tickets set assignee = 'nobody' where ticket_id = $1`, [changed]);
    await store.ask('delete from ticketing.ticket_messages where ticket_id = $1 and version = 2', [unsaid]);
    await store.ask('delete from ticketing.tickets where ticket_id = $1', [gone]);
    await store.ask('update ticketing.ticket_messages set ticket_id = $1 where ticket_id = $2 and version = 2', [
      'made-up',
      moved,
    ]);
    const { differing } = await rebuildReadModels(store.withSession);
    expect(differing).toEqual([changed, unsaid, gone, moved, 'made-up'].sort());
    expect(await checksum()).toBe(before);
    expect(await rebuildReadModels(store.withSession)).toMatchObject({ differing: [], tickets: 6, events: 66 });
  });

  it('only names them when it is to compare', async () => {
    await settle(20, 2);
    const [first] = await ids();
    await store.ask('update ticketing.tickets set message_count = 0 where ticket_id = $1', [first]);
    const damaged = await checksum();
    expect((await rebuildReadModels(store.withSession, { replace: false })).differing).toEqual([first]);
    expect(await checksum()).toBe(damaged);
    expect(await schemas()).toEqual([]);
  });

  it('takes in what is written while it reads, compares and waits', async () => {
    await settle(20, 4);
    for (const moment of ['rebuild-tickets', 'full join', 'lock_timeout']) {
      const { differing } = await rebuildReadModels(
        told(
          store.withSession,
          once(moment, () => settle(20, 8)),
        ),
      );
      expect(differing).toEqual([]);
    }
    expect((await rebuildReadModels(store.withSession)).differing).toEqual([]);
    expect(await store.ask('select sum(message_count)::int as messages from ticketing.tickets')).toEqual([
      { messages: 80 },
    ]);
  });

  it('reads histories that go on from one page to the next', async () => {
    await settle(5300, 3);
    const before = await checksum();
    expect(await rebuildReadModels(store.withSession)).toMatchObject({ events: 5303, tickets: 3, differing: [] });
    expect(await checksum()).toBe(before);
  });

  it('leaves tables with the same indexes, constraints, options and rights', async () => {
    await store.ask(`grant select on ticketing.tickets to public`);
    const described = () =>
      store.ask(
        `select relname, reloptions::text, relacl::text,
           array(select pg_get_indexdef(indexrelid) || indisvalid::text from pg_index where indrelid = c.oid order by 1) as indexes,
           array(select conname || ' ' || pg_get_constraintdef(oid) from pg_constraint where conrelid = c.oid order by 1) as constraints,
           array(select attname || format_type(atttypid, atttypmod) || attnotnull || attgenerated::text
             || coalesce((select pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid = attrelid and adnum = attnum), '')
             from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped order by attnum) as columns
           from pg_class c where oid in ('ticketing.tickets'::regclass, 'ticketing.ticket_messages'::regclass) order by relname`,
      );
    const before = await described();
    await rebuildReadModels(store.withSession);
    expect(await described()).toEqual(before);
  });

  it('is refused where somebody else builds on the tables', async () => {
    await store.ask('create view public.mine as select ticket_id from ticketing.tickets');
    await expect(rebuildReadModels(store.withSession)).rejects.toThrow('mine depends on ticketing.tickets');
    expect(await schemas()).toEqual([]);
  });
});

describe('the running service', () => {
  it('notices nothing: every update has its place, every ticket is always there', async () => {
    await settle(40, 8);
    const before = await ids();
    let running = true;
    let updates = 0;
    // Two instances, each with conversations of its own: between them nothing conflicts.
    const writing = async (first: number) => {
      for (; running; updates += 10) await settle(10, 12, first);
    };
    const reading = async () => {
      while (running) {
        const read = await Promise.all(before.map((id) => readTicket(store, id)));
        expect(read.map((ticket) => ticket?.id)).toEqual(before);
        const { items } = await readQueue(store.withSession, { sort: 'priority', limit: 50 });
        expect(items.length).toBeGreaterThanOrEqual(before.length);
      }
    };
    const work = Promise.all([writing(1), writing(21), reading()]);
    for (let round = 1; round <= 4; round += 1) {
      expect((await rebuildReadModels(store.withSession)).differing).toEqual([]);
    }
    running = false;
    await work;
    await settle(10, 12);
    const [sums] = await store.ask(
      `select (select sum(message_count)::int from ticketing.tickets) as counted,
         (select count(*)::int from ticketing.ticket_messages) as messages,
         (select count(*)::int from ticketing.ledger) as settled`,
    );
    const all = 40 + updates + 10;
    expect(sums).toEqual({ counted: all, messages: all, settled: all });
    expect((await rebuildReadModels(store.withSession, { replace: false })).differing).toEqual([]);
  });

  it('reads a ticket that it asks for in the moment of the switch', async () => {
    await settle(4, 2);
    const [id] = await ids();
    let read: ReturnType<typeof readTicket> | undefined;
    const during = async () => {
      read = readTicket(store, id ?? '');
      const waiting = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
      await eventually(async () => expect(await store.ask(waiting)).toHaveLength(1));
    };
    await rebuildReadModels(told(store.withSession, once('create schema ticketing_replaced', during)));
    expect(await read).toMatchObject({ id, messages: [{ messageId: expect.any(Number) }, {}] });
  });

  it('is not hurt by a rebuild that waits for a long transaction', async () => {
    await settle(4, 2);
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const holder = store.withSession(async (session) => {
      await session.command('begin; select count(*) from ticketing.tickets');
      await held;
      await session.command('commit');
    });
    const lines: string[] = [];
    const rebuilding = rebuildReadModels(store.withSession, { onProgress: (line) => lines.push(line) });
    await eventually(() => expect(lines.join()).toContain('waiting for a moment'));
    await settle(10, 3);
    letGo();
    await holder;
    expect((await rebuilding).differing).toEqual([]);
    expect(await ids()).toHaveLength(3);
  });
});

describe('a rebuild that', () => {
  it('is interrupted leaves the live tables alone, and its own go with the next one', async () => {
    await settle(20, 4);
    const before = await checksum();
    const cut = once('rebuild-ticket_messages', (session) =>
      session.query({ text: 'select pg_terminate_backend(pg_backend_pid())' }, []),
    );
    await expect(rebuildReadModels(told(store.withSession, cut))).rejects.toThrow();
    expect(await schemas()).toEqual([{ nspname: 'ticketing_rebuild' }]);
    expect(await checksum()).toBe(before);
    await eventually(async () => expect((await rebuildReadModels(store.withSession)).differing).toEqual([]));
    expect(await schemas()).toEqual([]);
    expect(await checksum()).toBe(before);
  });

  it('meets another one is refused, and the other one ends', async () => {
    await settle(20, 4);
    const before = await checksum();
    let refused: unknown;
    const meet = once('rebuild-tickets', async () => {
      refused = await rebuildReadModels(store.withSession).catch((error: unknown) => error);
    });
    expect((await rebuildReadModels(told(store.withSession, meet))).differing).toEqual([]);
    expect(refused).toBeInstanceOf(RebuildRunning);
    expect(await checksum()).toBe(before);
    expect((await rebuildReadModels(store.withSession)).differing).toEqual([]);
  });
});
