import { DeadLetterWatch, OutageBreaker } from '@onceline/retry-policy';
import type { TracedUpdate } from '../store/traced-update.js';
import type { Settlement } from '../store/plan-batch.js';
import { tracedMessage } from '../store/fixtures.spec.js';
import { ConsumerGate } from './consumer-gate.js';
import type { TrialResult } from './try-out.js';

const settlement = (outcome: 'dead-lettered' | 'ticket-opened' | 'parked'): Settlement => ({
  update: tracedMessage(1),
  outcome,
  reason: null,
  ticketId: null,
  attempts: 1,
  redrive: null,
  before: undefined,
});
const batch = (good: number, dead: number) => [
  ...Array.from({ length: good }, () => settlement('ticket-opened')),
  ...Array.from({ length: dead }, () => settlement('dead-lettered')),
];

class World {
  now = 1_000_000;
  stored = { open: false, reason: null as string | null, changedAt: '' };
  isAway = false;
  trial: TrialResult = 'failed';
  readonly told: string[] = [];
  readonly gate = new ConsumerGate({
    outage: new OutageBreaker({ firstMs: 1000, longestMs: 30_000, random: () => 0.5 }),
    deadLetters: new DeadLetterWatch({ share: 0.1, records: 50, windowMs: 60_000, trialEveryMs: 5000 }),
    store: {
      read: async () => this.answer(this.stored),
      open: async (reason) => void this.answer((this.stored = { open: !this.isAway, reason, changedAt: '' })),
      close: async () => void this.answer((this.stored = { open: false, reason: null, changedAt: '' })),
    },
    observer: { breakerChanged: (breaker, state) => this.told.push(`${breaker} ${state}`) },
    trial: async () => this.trial,
    now: () => this.now,
  });

  private answer<Value>(value: Value): Value {
    if (this.isAway) throw Object.assign(new Error('away'), { code: '57P01' });
    return value;
  }

  wait(updates: readonly TracedUpdate[] = [tracedMessage(1)]): Promise<number> {
    return this.gate.waitMs(updates);
  }
}

let world: World;
beforeEach(() => {
  world = new World();
});

describe('too many dead letters', () => {
  it('more than a tenth of at least fifty records in a minute stop the consumer; it says so', async () => {
    await world.gate.settled(batch(44, 5));
    expect([await world.wait(), world.gate.stopReason()]).toEqual([0, undefined]);
    await world.gate.settled(batch(0, 1));
    expect(world.gate.stopReason()).toBe('6 of 50 records of the last 60 s ended as dead letters');
    expect(await world.wait()).toBeGreaterThan(0);
    expect([world.stored.open, world.told]).toEqual([true, ['dead-letters open']]);
  });

  it('that an operator has had enough of is heard without a batch, and not before the stop is stored', async () => {
    await world.gate.settled(batch(0, 50));
    world.gate.looked(true);
    expect(world.gate.stopReason()).toBeDefined();
    world.gate.looked(false);
    expect([world.gate.stopReason(), world.told.at(-1)]).toEqual([undefined, 'dead-letters closed']);

    world.isAway = true;
    await world.gate.settled(batch(0, 50));
    world.gate.looked(false);
    expect(world.gate.stopReason()).toBeDefined();
  });

  it('a tenth exactly, too few records, or an old crowd do not', async () => {
    await world.gate.settled(batch(90, 10));
    world.now += 61_000;
    await world.gate.settled(batch(0, 49));
    world.now += 61_000;
    await world.gate.settled(batch(50, 0));
    expect(world.gate.stopReason()).toBeUndefined();
  });

  it('those of a redrive do not count: they were dead before', async () => {
    const redrive = { id: 'r1', count: 1 };
    await world.gate.settled(
      batch(50, 500).map((each) => (each.outcome === 'dead-lettered' ? { ...each, redrive } : each)),
    );
    expect(world.gate.stopReason()).toBeUndefined();
  });

  it('tries that will be repeated do not count, neither way: all that ends is dead, and that is what counts', async () => {
    const parked = Array.from({ length: 450 }, () => settlement('parked'));
    await world.gate.settled([...parked, ...batch(0, 49)]);
    await world.gate.settled(parked);
    expect(world.gate.stopReason()).toBeUndefined();
    await world.gate.settled(batch(0, 1));
    expect(world.gate.stopReason()).toBe('50 of 50 records of the last 60 s ended as dead letters');
  });

  it('a batch of copies is passed over, and nobody is let go on by it', async () => {
    await world.gate.settled(batch(0, 50));
    world.now += 5000;
    world.trial = 'only-copies';
    expect(await world.wait()).toBe(0);
    await world.gate.settled([]);
    expect([world.stored.open, world.gate.stopReason() !== undefined]).toEqual([true, true]);
    expect(await world.wait()).toBeGreaterThan(0);
  });

  it('an operator lets it go on at the next question, and the count begins anew', async () => {
    await world.gate.settled(batch(0, 50));
    world.stored = { open: false, reason: null, changedAt: '' };
    expect([await world.wait(), world.gate.stopReason()]).toEqual([0, undefined]);
    await world.gate.settled(batch(0, 49));
    expect(world.gate.stopReason()).toBeUndefined();
  });

  it('a trial is made every few seconds, and lets it go on when it comes out well', async () => {
    await world.gate.settled(batch(0, 50));
    world.trial = 'passed';
    expect(await world.wait()).toBeGreaterThan(0);
    world.now += 5000;
    world.trial = 'failed';
    expect(await world.wait()).toBeGreaterThan(0);
    world.trial = 'passed';
    expect(await world.wait()).toBeGreaterThan(0);
    world.now += 5000;
    expect([await world.wait(), world.stored.open]).toEqual([0, false]);
    expect(world.told.slice(1)).toEqual([
      'dead-letters half-open',
      'dead-letters open',
      'dead-letters half-open',
      'dead-letters closed',
    ]);
  });

  it('another instance that has stopped stops this one', async () => {
    world.stored = { open: true, reason: 'because', changedAt: '' };
    expect(world.gate.stoppedElsewhere()).toBeGreaterThan(0);
    expect(await world.wait()).toBeGreaterThan(0);
    expect(world.gate.stopReason()).toBe('because');
  });

  it('a stop that could not be stored is stored later, and holds meanwhile', async () => {
    world.isAway = true;
    await world.gate.settled(batch(0, 50));
    expect(world.gate.stopReason()).toBeDefined();
    world.isAway = false;
    world.stored = { open: false, reason: null, changedAt: '' };
    expect(await world.wait()).toBeGreaterThan(0);
    expect(world.stored.open).toBe(true);
  });
});

describe('a database that is away', () => {
  it('is left alone until its time, whoever asks in between', () => {
    expect(world.gate.restMs()).toBe(0);
    const afterMs = world.gate.failed('database unavailable');
    expect(afterMs).toBe(1500);
    world.now += 1000;
    expect([world.gate.restMs(), world.gate.outage()]).toEqual([500, 'database unavailable']);
    world.now += 500;
    expect(world.gate.restMs()).toBe(0);
    world.gate.answered();
    expect(world.gate.outage()).toBeUndefined();
    expect(world.told).toEqual(['database open', 'database half-open', 'database closed']);
  });
});

describe('a database that answers somebody else', () => {
  it('is back for a consumer that has had nothing to ask it for a minute', () => {
    world.gate.failed('database unavailable');
    world.now += 59_000;
    world.gate.looked(false);
    expect(world.gate.outage()).toBe('database unavailable');
    world.now += 2_000;
    world.gate.looked(false);
    expect([world.gate.outage(), world.told.at(-1)]).toEqual([undefined, 'database closed']);
  });

  it('is not back while batches still fail', () => {
    for (let tries = 0; tries < 10; tries += 1) {
      world.gate.failed('database unavailable');
      world.now += 30_000;
      world.gate.looked(false);
    }
    expect(world.gate.outage()).toBe('database unavailable');
  });
});
