import fc from 'fast-check';
import type { ContradictionRule } from './findings.js';
import { checkBooks, describeReport } from './report.js';
import { booksOf, keyOf, perPartition, START, worldOf, type Arrival, type World } from './world.spec.js';

const copy = (chat: number, message: number): Arrival => ({ chat, message, payload: 0, readable: true });
// Chat 1: opened, appended, a copy of each; chat 2: opened, a collision; one body that is no update.
const ordinary: readonly Arrival[] = [
  copy(1, 1),
  copy(1, 2),
  copy(2, 1),
  copy(1, 1),
  { ...copy(2, 1), payload: 7 },
  copy(1, 2),
  { ...copy(1, 3), readable: false },
];

function audit(damage: (world: World) => void) {
  const world = worldOf(ordinary);
  damage(world);
  return checkBooks(booksOf(world));
}

const rules = (report: ReturnType<typeof checkBooks>): ContradictionRule[] =>
  report.contradictions.map(({ rule }) => rule);

describe('checkBooks on sound books', () => {
  test('balances and counts every copy once', () => {
    const report = audit(() => undefined);
    expect(report).toMatchObject({ balanced: true, raw: 7, unique: 3, duplicates: 2, collisions: 1, malformed: 1 });
    expect(report.outcomes).toMatchObject({ 'ticket-opened': 2, 'message-appended': 1 });
    expect(report).toMatchObject({ missing: [], doubled: [], contradictions: [], pending: 0, recordedDuplicates: 2 });
    expect(describeReport(report).split('\n').at(-1)).toBe('audit: balanced');
  });

  test('balances for any stream of arrivals, and raw is the sum of its parts', () => {
    fc.assert(
      fc.property(arrivals, (stream) => {
        const report = checkBooks(booksOf(worldOf(stream)));
        expect(report.balanced).toBe(true);
        expect(report.raw).toBe(report.unique + report.duplicates + report.collisions + report.malformed);
        expect(report.raw).toBe(stream.length);
        expect(Object.values(report.outcomes).reduce((sum, count) => sum + count, 0)).toBe(report.unique);
      }),
    );
  });

  test('balances for any stretch of time, and two stretches add up', () => {
    fc.assert(
      fc.property(arrivals, fc.nat({ max: 45 }), (stream, second) => {
        const books = booksOf(worldOf(stream));
        const cut = START + second * 1000;
        const [before, after, all] = [
          checkBooks(books, { to: cut }),
          checkBooks(books, { from: cut }),
          checkBooks(books),
        ];
        expect([before.balanced, after.balanced]).toEqual([true, true]);
        for (const figure of ['raw', 'unique', 'duplicates', 'collisions', 'malformed'] as const) {
          expect(before[figure] + after[figure]).toBe(all[figure]);
        }
      }),
    );
  });
});

describe('checkBooks finds a planted fault in any stream', () => {
  const planted = (plant: (world: World, pick: number) => string | undefined, where: 'missing' | 'doubled') =>
    fc.assert(
      fc.property(arrivals, fc.nat(), (stream, pick) => {
        const world = worldOf(stream);
        const key = plant(world, pick);
        fc.pre(key !== undefined);
        const report = checkBooks(booksOf(world));
        expect(report.balanced).toBe(false);
        expect(report[where]).toContain(key);
      }),
    );
  const take = <T>(list: T[], pick: number): T | undefined => list.splice(pick % Math.max(list.length, 1), 1)[0];

  test('an update lost between raw and unique', () => {
    planted((world, pick) => {
      const lost = take(world.unique, pick);
      world.seen = world.seen.filter((key) => key !== lost?.key);
      world.ledger = world.ledger.filter((row) => row.key !== lost?.key);
      return lost?.key ?? undefined;
    }, 'missing');
  });

  test('an update lost between unique and the ledger', () => {
    planted((world, pick) => take(world.ledger, pick)?.key, 'missing');
  });

  test('a copy that was dropped without a record', () => {
    planted((world, pick) => take(world.duplicates, pick)?.key, 'missing');
  });

  test('a duplicate that the database does not know', () => {
    planted((world, pick) => take(world.recorded, pick)?.key, 'missing');
  });

  test('an event that the relay passed over', () => {
    planted((world, pick) => {
      const lost = take(world.published, pick);
      return world.events.find(({ eventId }) => eventId === lost?.eventId)?.key;
    }, 'missing');
  });

  test('a key twice in unique', () => {
    planted((world, pick) => {
      const twice = world.unique[pick % Math.max(world.unique.length, 1)];
      if (twice) world.unique.push({ ...twice, offset: 1000 });
      return twice?.key ?? undefined;
    }, 'doubled');
  });

  test('a copy booked as first copy and as duplicate', () => {
    planted((world, pick) => {
      const copies = world.raw.filter(
        (record) => world.raw.find(({ key }) => key === record.key) === record && record.key !== null,
      );
      const record = copies[pick % Math.max(copies.length, 1)];
      if (!record || record.key === null) return undefined;
      const { key, partition, offset, receivedAt } = record;
      world.duplicates.push({ partition, offset: 1000, key, copy: { partition, offset, receivedAt }, firstOffset: 0 });
      return key;
    }, 'doubled');
  });

  test('two ledger rows for one update', () => {
    planted((world, pick) => {
      const row = world.ledger[pick % Math.max(world.ledger.length, 1)];
      if (row) world.ledger.push(row);
      return row?.key;
    }, 'doubled');
  });
});

/** As if ticketing had taken the second update of a conversation first. */
function swapOffsets(world: World, first: number, second: number): void {
  const [a, b] = [world.unique[first]!, world.unique[second]!];
  [a.offset, b.offset] = [b.offset, a.offset];
  world.unique.sort((x, y) => x.partition - y.partition || x.offset - y.offset);
  for (const row of world.ledger) row.offset = world.unique.find(({ key }) => key === row.key)!.offset;
}

describe('checkBooks names the contradiction', () => {
  const unknown = 'tg1:1:message:9:9:9';
  const faults: [ContradictionRule, (world: World) => void][] = [
    ['ledger-row-without-update', (world) => world.ledger.push({ ...world.ledger[0]!, key: unknown })],
    ['unknown-outcome', (world) => (world.ledger[0]!.outcome = 'forgotten')],
    ['unique-without-raw', (world) => world.unique.push({ ...world.unique[0]!, key: unknown, offset: 1000 })],
    ['payload-changed', (world) => (world.unique[2]!.payloadHash = 99)],
    ['duplicate-with-other-payload', (world) => (world.raw[3]!.payloadHash = 99)],
    ['collision-with-same-payload', (world) => (world.raw[4]!.payloadHash = 0)],
    ['duplicate-without-raw', (world) => (world.duplicates[0]!.copy = { ...world.duplicates[0]!.copy, offset: 50 })],
    ['dead-letter-without-raw', (world) => (world.deadLetters[0]!.offset = 50)],
    ['readable-update-dead-lettered', (world) => (world.deadLetters[0]!.collision = false)],
    ['seen-without-unique', (world) => world.seen.push(unknown)],
    ['unique-without-seen', (world) => world.seen.pop()],
    ['recorded-duplicate-without-copy', (world) => world.recorded.push({ partition: 0, offset: 50, key: unknown })],
    ['ledger-position-differs', (world) => (world.ledger[0]!.offset = 77)],
    ['ledger-position-differs', (world) => (world.ledger[0]!.offset = world.ledger[1]!.offset)],
    ['ledger-position-differs', (world) => (world.ledger[0]!.partition = 2 ** 31 - 1)],
    ['published-event-differs', (world) => (world.published[1]!.payloadHash = 1)],
    ['published-event-differs', (world) => world.published.push({ ...world.published[0]!, offset: 9, payloadHash: 1 })],
    ['published-event-without-row', (world) => world.published.push({ ...world.published[0]!, eventId: 'ticket-9.1' })],
    ['conversation-out-of-order', (world) => swapOffsets(world, 0, 1)],
    ['unreadable-record', (world) => (world.duplicates[0]!.copy = { ...world.duplicates[0]!.copy, partition: -1 })],
    [
      'unreadable-record',
      (world) => (world.duplicates[0]!.copy = { ...world.duplicates[0]!.copy, partition: 2 ** 40 }),
    ],
    [
      'recorded-duplicate-without-copy',
      (world) => world.recorded.push({ partition: 2 ** 31 - 1, offset: 1, key: unknown }),
    ],
    ['deleted-unread', (world) => world.faults.push({ rule: 'deleted-unread', subject: 'raw 1@5', at: START })],
    ['outcome-without-event', (world) => (world.events[0]!.key = unknown)],
    ['ticket-opened-twice', (world) => (world.ledger[1]!.outcome = 'ticket-opened')],
    ['event-version-gap', (world) => (world.events[1]!.version = 3)],
    ['event-version-gap', (world) => (world.events[1]!.version = 1)],
    ['ticket-without-events', (world) => world.tickets.push('ticket-9')],
    ['events-without-ticket', (world) => world.tickets.pop()],
  ];
  test.each(faults)('%s', (rule, plant) => {
    const report = audit(plant);
    expect(report.balanced).toBe(false);
    expect(rules(report)).toContain(rule);
    expect(describeReport(report)).toMatch(/audit: NOT balanced, [^\n]+$/);
  });

  test('two tickets for one message are doubled', () => {
    const report = audit((world) => world.messages.push({ ...world.messages[0]!, ticketId: 'ticket-2' }));
    expect(report.doubled).toEqual(['message 1:1:1']);
  });

  test('every copy refused and none passed on is missing', () => {
    const report = audit((world) => {
      const [first] = world.raw;
      world.duplicates.push({ ...world.duplicates[0]!, offset: 9, copy: { ...first!, receivedAt: START } });
      world.unique = world.unique.filter(({ key }) => key !== first!.key);
    });
    expect(report.missing).toContain(keyOf(copy(1, 1)));
  });
});

describe('checkBooks takes no repetition for a double', () => {
  test.each(['duplicates', 'deadLetters'] as const)('an entry of %s for a copy that has one', (list) => {
    const before = audit(() => undefined);
    const report = audit((world) => {
      if (list === 'duplicates') world.duplicates.push({ ...world.duplicates[0]!, offset: 900 });
      else world.deadLetters.push({ ...world.deadLetters[0]! }, { ...world.deadLetters[1]! });
    });
    expect(report).toEqual(before);
  });

  test('but an entry of another key for it is one', () => {
    const report = audit((world) =>
      world.duplicates.push({ ...world.duplicates[0]!, offset: 900, key: keyOf(copy(1, 2)) }),
    );
    expect(rules(report)).toEqual(expect.arrayContaining(['duplicate-without-raw']));
  });

  test('but one copy in both of them is one', () => {
    const report = audit((world) => {
      const { copy: refused } = world.duplicates[0]!;
      world.deadLetters.push({ ...refused, collision: true });
    });
    expect(report.doubled).toEqual([keyOf(copy(1, 1))]);
  });

  test('an event that was published again', () => {
    const report = audit((world) => world.published.push({ ...world.published[0]!, offset: 900 }));
    expect(report).toMatchObject({ balanced: true, published: 3 });
  });

  test('an event that came after the tables were read has a row that they did not show', () => {
    const report = audit((world) => {
      world.published.push({ ...world.published[0]!, offset: 2e6, eventId: 'ticket-9.1' });
    });
    expect(report.contradictions).toEqual([]);
  });

  test('what was redriven comes out of order, and that is what redriving does', () => {
    const report = audit((world) => {
      swapOffsets(world, 0, 1);
      world.ledger[1]!.redriveId = 'r1';
    });
    expect(report.contradictions).toEqual([]);
  });
});

describe('checkBooks and what is not finished', () => {
  test('beyond the committed offset is pending, behind it missing', () => {
    const lose = (world: World, committed: number) => {
      world.ledger = world.ledger.filter(({ key }) => key !== keyOf(copy(2, 1)));
      world.bounds.ticketingCommitted = [0, 0, committed];
    };
    expect(audit((world) => lose(world, 0))).toMatchObject({ balanced: false, pending: 1, missing: [] });
    expect(audit((world) => lose(world, 1))).toMatchObject({
      balanced: false,
      pending: 0,
      missing: [keyOf(copy(2, 1))],
    });
  });

  test('a raw copy that dedupe has not reached is pending once', () => {
    const report = audit((world) => {
      world.raw.push({ partition: 1, offset: 20, key: keyOf(copy(1, 1)), receivedAt: START, payloadHash: 0 });
      world.bounds.dedupeCommitted = [20, 20, 20];
    });
    expect(report).toMatchObject({ balanced: false, pending: 1, missing: [], doubled: [] });
  });

  test('a dead-lettered update is pending until its record left the outbox', () => {
    const deadLetter = (world: World) => (world.ledger[1]!.outcome = 'dead-lettered');
    const waiting = audit((world) => {
      deadLetter(world);
      world.outboxDeadLetters.push({ key: world.ledger[1]!.key, attempt: 1, redriveId: null });
    });
    expect(waiting).toMatchObject({ balanced: false, pending: 1, missing: [] });
    const left = audit((world) => {
      deadLetter(world);
      world.ticketingDeadLetters.push({ key: world.ledger[1]!.key, redriveId: null });
    });
    expect(left).toMatchObject({ balanced: true, pending: 0 });
  });

  test('an event is pending until the relay is past it', () => {
    const report = audit((world) => {
      world.events.at(-1)!.relayed = false;
      world.published.pop();
    });
    expect(report).toMatchObject({ balanced: false, pending: 1, missing: [], events: 3, published: 2 });
  });

  test('what the relay published before retention deleted it is not held against the system', () => {
    const forget = (world: World, time: number) => {
      world.ledger[2]!.outcome = 'dead-lettered';
      world.published = [];
      world.wholeSince = { ticketEvents: perPartition(time), ticketingDeadLetters: perPartition(time) };
    };
    expect(audit((world) => forget(world, START + 10_000))).toMatchObject({ balanced: true, events: 3, published: 0 });
    expect(audit((world) => forget(world, START + 1000))).toMatchObject({ pending: 0, missingCount: 2 });
  });

  test('an update whose raw record retention has deleted is not held against the system', () => {
    const report = audit((world) => {
      world.raw = world.raw.filter(({ partition, offset }) => partition !== 1 || offset > 0);
      world.bounds.rawLow = [0, 1, 0];
    });
    expect(report).toMatchObject({ balanced: true, beyondRetention: 1 });
  });

  test('nor are those of a raw topic that retention has emptied', () => {
    const report = audit((world) => {
      const unique = world.unique.length;
      world.raw = world.duplicates = world.recorded = [];
      world.bounds.rawLow = [100, 100, 100];
      expect(unique).toBeGreaterThan(0);
    });
    expect(report).toMatchObject({ balanced: true, raw: 0, contradictions: [] });
    expect(report.beyondRetention).toBe(report.unique);
  });

  test.each(['raw', 'unique'] as const)('what %s deleted before its reader had come there is lost', (topic) => {
    const report = audit((world) => {
      if (topic === 'raw') Object.assign(world.bounds, { rawLow: [0, 1, 0], dedupeCommitted: [9, 0, 9] });
      else Object.assign(world.bounds, { uniqueLow: [0, 1, 0], ticketingCommitted: [9, 0, 9] });
    });
    expect(report.balanced).toBe(false);
    expect(report.contradictions).toContainEqual({ rule: 'deleted-unread', subject: `${topic} 1@1` });
  });
});

const arrivals = fc.array(
  fc.record({
    chat: fc.nat({ max: 4 }),
    message: fc.nat({ max: 5 }),
    payload: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(1) }),
    readable: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  }),
  { maxLength: 40 },
);
