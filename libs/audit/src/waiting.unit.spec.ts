import fc from 'fast-check';
import type { ContradictionRule } from './findings.js';
import { checkBooks, describeReport } from './report.js';
import { booksOf, worldOf, type World } from './world.spec.js';

/** Three updates of one conversation and one of another, all settled. */
const settled = () =>
  worldOf([1, 2, 3, 4].map((message) => ({ chat: message === 4 ? 2 : 1, message, payload: 0, readable: true })));

type Row = World['ledger'][number];

/** Takes back what settling a row left behind. */
function unsettle(world: World, row: Row): void {
  const gone = new Set(world.events.filter(({ key }) => key === row.key).map(({ eventId }) => eventId));
  world.events = world.events.filter(({ eventId }) => !gone.has(eventId));
  world.published = world.published.filter(({ eventId }) => !gone.has(eventId));
}

/** The last two updates of the first conversation wait: one for its second try, one behind it. */
function waiting(): World & { head: Row; follower: Row } {
  const world = settled();
  const [head, follower] = [world.ledger[1]!, world.ledger[2]!];
  for (const row of [head, follower]) {
    unsettle(world, row);
    Object.assign(row, { outcome: 'parked', ticketId: null, attempts: row === head ? 1 : 0 });
  }
  world.messages = world.messages.filter(({ messageId }) => messageId !== 2 && messageId !== 3);
  world.heads.push({ conversation: '1:1', key: head.key, attempt: 1, redriveId: null, followers: 1, overdueMs: -1000 });
  world.followers.push({ conversation: '1:1', key: follower.key, redriveId: null, payloadHash: 0 });
  world.underWay.push({
    key: head.key,
    attempt: 1,
    redriveId: null,
    at: 'ticketing.retry.5s 1@0',
    settled: true,
    payloadHash: 0,
  });
  return Object.assign(world, { head, follower });
}

function audit(damage: (world: ReturnType<typeof waiting>) => void) {
  const world = waiting();
  damage(world);
  return checkBooks(booksOf(world));
}

const stray = (world: World, changes: Partial<World['underWay'][number]>) =>
  world.underWay.push({ ...world.underWay[0]!, ...changes });

describe('checkBooks on updates that wait', () => {
  test('balances while they wait, and says how many do', () => {
    const report = audit(() => undefined);
    expect(report).toMatchObject({ balanced: true, pending: 0, waiting: { heads: 1, followers: 1 } });
    expect(report.outcomes).toMatchObject({ parked: 2 });
    expect(describeReport(report)).toContain(
      'waiting 2 (1 for a later try, 1 behind them), dead-lettered 0, discarded 0',
    );
  });

  test.each([
    ['in the outbox', (world: World) => void world.outbox.push(...world.underWay.splice(0))],
    ['on its way back', (world: World) => void (world.underWay[0]!.at = 'ticketing.redelivery 1@7')],
    ['under a number that nobody wrote', (world: World) => void (world.underWay[0]!.attempt = 999)],
    ['under a number that is none', (world: World) => void (world.underWay[0]!.attempt = Number.NaN)],
    ['in two copies', (world: World) => void world.underWay.push({ ...world.underWay[0]!, at: 'elsewhere' })],
    ['while a backlog is worked off', (world: World) => void (world.heads[0]!.overdueMs = 3_600_000)],
    [
      'beside a copy for an earlier try',
      (world: World) => void world.underWay.push({ ...world.underWay[0]!, attempt: 0 }),
    ],
    [
      'and has moved on meanwhile',
      (world: World) => void world.underWay.push({ ...world.underWay[0]!, attempt: 2, settled: false }),
    ],
  ])('a head may wait %s', (_, move) => {
    expect(audit(move)).toMatchObject({ balanced: true, waiting: { heads: 1, followers: 1 } });
  });

  test('a copy of a try that is over changes nothing, of whatever became of the update', () => {
    fc.assert(
      fc.property(fc.nat({ max: 3 }), fc.nat({ max: 12 }), fc.nat({ max: 12 }), (pick, attempts, attempt) => {
        const report = audit((world) => {
          const row = world.ledger[pick === 1 || pick === 2 ? 0 : pick]!;
          row.attempts = attempts;
          world.underWay.push({
            key: row.key,
            attempt,
            redriveId: null,
            at: 'ticketing.redelivery 0@0',
            settled: true,
            payloadHash: 0,
          });
        });
        expect(report.balanced).toBe(attempt <= attempts);
      }),
    );
  });

  const faults: [ContradictionRule, string, (world: ReturnType<typeof waiting>) => void][] = [
    ['parked-without-way-forward', 'no record', (world) => world.underWay.pop()],
    ['parked-without-way-forward', 'a record of an earlier try', (world) => (world.underWay[0]!.attempt = 0)],
    ['parked-without-way-forward', 'a record of another redrive', (world) => (world.heads[0]!.redriveId = 'r1')],
    ['parked-without-way-forward', 'a lost follower', (world) => (world.followers = [])],
    ['parked-without-way-forward', 'a lost head', (world) => (world.heads = [])],
    ['retry-overdue', 'a record that nobody reads', (world) => (world.heads[0]!.overdueMs = 3_600_001)],
    ['follower-without-head', 'a lost head', (world) => (world.heads = [])],
    ['waiting-payload-differs', 'a follower with other bytes', (world) => (world.followers[0]!.payloadHash = 9)],
    ['waiting-payload-differs', 'a head with other bytes', (world) => (world.underWay[0]!.payloadHash = 9)],
    ['followers-miscounted', 'a wrong count', (world) => (world.heads[0]!.followers = 2)],
    [
      'parked-twice',
      'head and follower',
      (world) => world.followers.push({ ...world.followers[0]!, key: world.head.key }),
    ],
    [
      'parked-twice',
      'behind two heads',
      (world) => world.followers.push({ ...world.followers[0]!, conversation: '1:2' }),
    ],
    ['waits-without-being-parked', 'a settled follower', (world) => (world.follower.outcome = 'ignored')],
    ['waits-without-being-parked', 'a settled head', (world) => (world.head.outcome = 'ignored')],
    ['retry-without-parked', 'a try nobody made', (world) => stray(world, { key: world.ledger[0]!.key, attempt: 2 })],
    ['retry-without-parked', 'an update nobody knows', (world) => stray(world, { key: 'x' })],
  ];
  test.each(faults)('%s: %s', (rule, _, plant) => {
    const report = audit(plant);
    expect(report.balanced).toBe(false);
    expect(report.contradictions.map((found) => found.rule)).toContain(rule);
  });

  test('nothing that the outbox lost or the ledger forgot balances, for any queue', () => {
    const queue = fc.record({
      followers: fc.nat({ max: 20 }),
      pick: fc.nat(),
      lost: fc.constantFrom('row', 'follower', 'head', 'record'),
    });
    fc.assert(
      fc.property(queue, ({ followers, pick, lost }) => {
        const world = queueOf(followers);
        expect(checkBooks(booksOf(world))).toMatchObject({ balanced: true, waiting: { heads: 1, followers } });
        fc.pre(lost !== 'follower' || followers > 0);
        const list = { row: world.ledger, follower: world.followers, head: world.heads, record: world.underWay }[lost];
        list.splice(pick % list.length, 1);
        expect(checkBooks(booksOf(world)).balanced).toBe(false);
      }),
    );
  });
});

/** A conversation whose first update fails, and so many behind it. */
function queueOf(followers: number): World {
  const messages = Array.from({ length: followers + 1 }, (_, index) => index + 1);
  const world = worldOf(messages.map((message) => ({ chat: 1, message, payload: 0, readable: true })));
  world.events = [];
  world.published = [];
  world.messages = [];
  world.tickets = [];
  world.ledger.forEach((row, index) => {
    Object.assign(row, { outcome: 'parked', ticketId: null, attempts: index === 0 ? 3 : 0 });
    if (index > 0) world.followers.push({ conversation: '1:1', key: row.key, redriveId: null, payloadHash: 0 });
  });
  const delivery = { key: world.ledger[0]!.key, attempt: 3, redriveId: null };
  world.heads.push({ ...delivery, conversation: '1:1', followers, overdueMs: 0 });
  world.underWay.push({ ...delivery, at: 'ticketing.retry.2m 1@4', settled: true, payloadHash: 0 });
  return world;
}

describe('checkBooks on updates that were given up', () => {
  const giveUp = (outcome: 'dead-lettered' | 'discarded', change: (world: World, row: Row) => void) => {
    const world = settled();
    const row = world.ledger[3]!;
    row.outcome = outcome;
    change(world, row);
    return checkBooks(booksOf(world));
  };

  test.each(['dead-lettered', 'discarded'] as const)('%s: the record must be there', (outcome) => {
    const kept = giveUp(outcome, (world, { key }) => world.ticketingDeadLetters.push({ key, redriveId: null }));
    expect(kept).toMatchObject({
      balanced: true,
      dead: { deadLettered: outcome === 'discarded' ? 0 : 1, discarded: outcome === 'discarded' ? 1 : 0 },
    });
    const leaving = giveUp(outcome, (world, { key }) =>
      world.outboxDeadLetters.push({ key, attempt: 9, redriveId: null }),
    );
    expect(leaving).toMatchObject({ balanced: false, pending: 1, missingCount: 0 });
    expect(giveUp(outcome, () => undefined)).toMatchObject({ balanced: false, pending: 0, missingCount: 1 });
  });

  test('an update that was redriven and failed again has a dead letter of that redrive', () => {
    const again = (letters: (string | null)[]) =>
      giveUp('dead-lettered', (world, row) => {
        row.redriveId = 'r2';
        letters.forEach((redriveId) => world.ticketingDeadLetters.push({ key: row.key, redriveId }));
      });
    expect(again([null, 'r2'])).toMatchObject({ balanced: true });
    expect(again([null])).toMatchObject({ balanced: false, missingCount: 1 });
  });

  test('a dead letter of an update that has another outcome, and of none', () => {
    const letterOf = (redriveId: string | null, ledger: string | null, outcome = 'message-appended') =>
      giveUp('dead-lettered', (world, row) => {
        Object.assign(row, { outcome, redriveId: ledger });
        world.ticketingDeadLetters.push({ key: row.key, redriveId });
      });
    const wrong = { balanced: false, contradictions: [{ rule: 'dead-letter-without-outcome' }] };
    expect(letterOf(null, null)).toMatchObject(wrong);
    // The first redrive brought the outcome, so it cannot have failed; what failed before it may.
    expect(letterOf('r1', 'r1')).toMatchObject(wrong);
    expect(letterOf(null, 'r1')).toMatchObject({ balanced: true });
    const unknown = giveUp('dead-lettered', (world, row) => {
      row.outcome = 'message-appended';
      world.ticketingDeadLetters.push({ key: 'x', redriveId: null });
    });
    expect(unknown).toMatchObject(wrong);
    const later = giveUp('dead-lettered', (world, row) => {
      row.outcome = 'message-appended';
      world.ticketingDeadLetters.push({ key: row.key, redriveId: null, settled: false });
    });
    expect(later).toMatchObject({ balanced: true });
  });
});
