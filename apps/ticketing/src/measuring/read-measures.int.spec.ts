import { newMetricsRegistry } from '@onceline/service-kit';
import { withOwnWorlds, type World } from '../parking/world.spec.js';
import type { TestStore } from '../store/fixtures.spec.js';
import { KeepSla } from '../sla/keep-sla.js';
import { MeasuredGauges } from './measured-gauges.js';
import { readMeasures } from './read-measures.js';

let store: TestStore;
let world: World;
withOwnWorlds((own) => ({ store, world } = own));

const measured = () => store.withSession(readMeasures);

it('nothing waits in the beginning, and nobody has audited', async () => {
  expect(await measured()).toEqual({
    parking: { conversations: 0, updates: 0, oldestSeconds: 0 },
    outbox: [
      { source: 'events', backlog: 0, oldestSeconds: 0 },
      { source: 'outbox', backlog: 0, oldestSeconds: 0 },
    ],
    clocksOldestSeconds: 0,
    audit: undefined,
    isStopped: false,
  });
});

it('what is parked and what is not published counts with the age of its oldest', async () => {
  const updates = world.writeAll([1, 1, 2]);
  await world.fail(updates[0]?.idempotencyKey ?? '', 'transient', 1);
  await world.settle(updates);
  await store.ask(`update ticketing.parked_conversations set parked_at = now() - interval '300 s'`);
  await store.ask(`update ticketing.events set recorded_at = now() - interval '40 s' where version = 1`);
  const { parking, outbox } = await measured();
  expect(parking).toMatchObject({ conversations: 1, updates: 2 });
  expect(Math.round(parking.oldestSeconds / 10)).toBe(30);
  // A ticket was opened, with two events; one retry waits to leave.
  expect(outbox.map(({ source, backlog }) => [source, backlog])).toEqual([
    ['events', 2],
    ['outbox', 1],
  ]);
  expect(Math.round((outbox[0]?.oldestSeconds ?? 0) / 10)).toBe(4);

  await store.ask(
    `update ticketing.outbox_cursors c set (tx_id, id) =
       (select tx_id, global_id from ticketing.events where version = 1) where source = 'events'`,
  );
  const [events] = (await measured()).outbox;
  expect(events?.backlog).toBe(1);
  expect(events?.oldestSeconds).toBeLessThan(20);
});

it('a row of a transaction that is still open counts once it is committed, whatever the relay may read', async () => {
  await store.postgres.transaction(async (open) => {
    await open.query('select pg_current_xact_id()');
    await world.settle(world.writeAll([1]));
    expect((await measured()).outbox[0]).toMatchObject({ source: 'events', backlog: 2 });
  });
});

it('events that the clocks have not followed count with the age of the oldest', async () => {
  await world.settle(world.writeAll([1, 2]));
  await store.ask(`update ticketing.events set recorded_at = now() - interval '50 s' where version = 1`);
  expect(Math.round((await measured()).clocksOldestSeconds / 10)).toBe(5);
  await new KeepSla({ withSession: store.withSession, committed: () => undefined }).run();
  expect((await measured()).clocksOldestSeconds).toBe(0);
});

it('the last recorded audit is the one that is shown', async () => {
  const record = (finishedAt: string, missing: number) =>
    store.ask(
      `insert into ticketing.audits (finished_at, missing, doubled, contradictions, pending) values ($1, $2, 1, 2, 3)`,
      [finishedAt, missing],
    );
  await record('2026-01-02T00:00:00Z', 7);
  await record('2026-01-01T00:00:00Z', 0);
  const finishedAt = Date.UTC(2026, 0, 2) / 1000;
  expect((await measured()).audit).toEqual({ missing: 7, doubled: 1, contradictions: 2, pending: 3, finishedAt });
  const registry = newMetricsRegistry();
  new MeasuredGauges(registry, []).databaseMeasured(await measured());
  const text = await registry.metrics();
  expect(text).toContain('onceline_ticketing_audit_findings{finding="missing"} 7');
  expect(text).toContain(`onceline_ticketing_audit_finished_timestamp_seconds ${finishedAt}`);
});
