/** For any schedule of failures, copies, redrives and crashes: the order and the outcomes that a single, careful reader would have made. */
import { releaseStack } from '@onceline/testing';
import fc from 'fast-check';
import { meetingAfterTheRead, openStore, type TestStore } from '../store/fixtures.spec.js';
import { isUnavailable } from '@onceline/postgres';
import { dying, World, type OutboxRow } from './world.spec.js';

const TRIES = 3;

let store: TestStore;
beforeAll(async () => {
  store = await openStore();
});
afterAll(async () => {
  await store.close();
  await releaseStack();
});

/** What an update is bound to meet: this many tries that fail, or a failure for good. */
type Fate = number | 'never';

type Step =
  | { do: 'read'; from: number; length: number }
  | { do: 'deliver'; pick: number; count: number }
  | { do: 'redrive'; pick: number; heal: boolean; copies: number }
  | { do: 'meet'; length: number; count: number }
  | { do: 'die'; when: 'before' | 'after'; length: number; count: number };

const fates = fc.array(
  fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 4 }), fc.constant('never' as const)),
  {
    minLength: 4,
    maxLength: 24,
  },
);
const nat = fc.nat({ max: 20 });
const few = fc.integer({ min: 1, max: 6 });
const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('read' as const), from: nat, length: few }),
    fc.record({ do: fc.constant('deliver' as const), pick: nat, count: few }),
    fc.record({
      do: fc.constant('redrive' as const),
      pick: nat,
      heal: fc.boolean(),
      copies: fc.integer({ min: 1, max: 2 }),
    }),
    fc.record({ do: fc.constant('meet' as const), length: few, count: few }),
    fc.record({
      do: fc.constant('die' as const),
      when: fc.constantFrom('before' as const, 'after' as const),
      length: few,
      count: few,
    }),
  ),
  { maxLength: 14 },
);

/** Plays a schedule: a consumer that reads a log, a retry service that forgets what it has forwarded, and operators. */
class Play {
  private readTo = 0;
  private redrives = 0;
  readonly healed = new Set<string>();

  private constructor(
    readonly world: World,
    private readonly first: string,
  ) {}

  static async start(fatesOfAll: readonly Fate[], base: number): Promise<Play> {
    const world = new World(store, { tries: TRIES, drainLimit: 2 });
    fatesOfAll.forEach((_, index) => world.write(base + (index % 3)));
    for (const [index, fate] of fatesOfAll.entries()) {
      const key = world.log[index]?.idempotencyKey ?? '';
      if (fate === 'never') await world.fail(key, 'permanent');
      else if (fate > 0) await world.fail(key, 'transient', fate);
    }
    const [row] = await store.ask<{ id: string }>('select coalesce(max(id), 0)::text as id from ticketing.outbox');
    return new Play(world, row?.id ?? '0');
  }

  async do(step: Step): Promise<void> {
    switch (step.do) {
      case 'read':
        await this.world.settle(this.read(Math.min(step.from, this.readTo), step.length));
        break;
      case 'deliver':
        await this.world.settle(await this.redeliveries(step.pick, step.count));
        break;
      case 'redrive':
        await this.redrive(step);
        break;
      case 'meet': {
        const [one, other] = meetingAfterTheRead(store.withSession, 2);
        const redeliveries = await this.redeliveries(0, step.count);
        const next = this.read(this.readTo, step.length);
        await Promise.all([this.world.settle(next, one), this.world.settle(redeliveries, other)]);
        break;
      }
      case 'die':
        await this.die(step);
        break;
    }
    expect(await this.world.contradictions()).toEqual([]);
  }

  /** Everything there is comes in, and everything that waits comes back. */
  async finish(): Promise<void> {
    await this.world.settle(this.read(this.readTo, this.world.log.length));
    await this.world.deliverAll(this.first);
    expect(await this.world.contradictions()).toEqual([]);
  }

  private read(from: number, length: number) {
    this.readTo = Math.max(this.readTo, Math.min(from + length, this.world.log.length));
    return this.world.log.slice(from, from + length);
  }

  /** Copies of any age: nobody says that the retry service remembers what it has forwarded. */
  private async redeliveries(pick: number, count: number) {
    const rows = await this.world.waiting(this.first);
    const start = rows.length === 0 ? 0 : pick % rows.length;
    return rows.slice(start, start + count).map((row) => this.world.redelivered(row));
  }

  private async redrive({ pick, heal, copies }: Extract<Step, { do: 'redrive' }>): Promise<void> {
    const letters = (await this.world.deadLetters()).filter(({ id }) => BigInt(id) > BigInt(this.first));
    const letter = letters[pick % Math.max(1, letters.length)];
    if (!letter) return;
    const key = keyOf(letter);
    if (heal) {
      this.healed.add(key);
      await this.world.heal(key);
    }
    this.redrives += 1;
    const one = this.world.redriven(letter, `r${this.redrives}`, this.redrives);
    await this.world.settle(Array<typeof one>(copies).fill(one));
  }

  /** The process ends in the middle, and the next one begins where the group had committed. */
  private async die({ when, length, count }: Extract<Step, { do: 'die' }>): Promise<void> {
    const mortal = dying(store.withSession, when);
    const readTo = this.readTo;
    for (const updates of [this.read(readTo, length), await this.redeliveries(0, count)]) {
      await this.world.settle(updates, mortal).catch((error: unknown) => {
        if (!isUnavailable(error)) throw error;
      });
    }
    this.readTo = readTo;
  }
}

const keyOf = (row: OutboxRow) => row.headers['idempotency-key'] ?? '';
const isDoomed = (fate: Fate | undefined) => fate === 'never' || (fate ?? 0) >= TRIES;

it('outcomes are in arrival order, only dead letters are missing, and each has had its tries', async () => {
  let base = 1_000_000;
  await fc.assert(
    fc.asyncProperty(fates, steps, async (fatesOfAll, schedule) => {
      base += 10;
      const play = await Play.start(fatesOfAll, base);
      for (const step of schedule) await play.do(step);
      await play.finish();
      await check(play, fatesOfAll, base);
    }),
    { numRuns: 150 },
  );
}, 240_000);

/** Updates that the tickets of a chat show as missing. */
async function missingIn(chat: number): Promise<string[]> {
  const rows = await store.ask<{ key: string }>(
    `select e.idempotency_key as key from ticketing.events e join ticketing.tickets t using (ticket_id)
       where e.type = 'update-missing' and t.chat_id = $1`,
    [String(chat)],
  );
  return rows.map(({ key }) => key);
}

async function check(play: Play, fatesOfAll: readonly Fate[], base: number): Promise<void> {
  const { world, healed } = play;
  const outcomes = await world.outcomes();
  const letters = (await world.deadLetters()).map(keyOf);
  for (const [index, { idempotencyKey: key }] of world.log.entries()) {
    const fate = fatesOfAll[index];
    const found = outcomes.get(key);
    expect(found).toBeDefined();
    if (!isDoomed(fate)) {
      expect(found).toMatchObject({ redrives: 0, attempts: Number(fate) + 1 });
      expect(letters).not.toContain(key);
    } else if (!healed.has(key)) {
      expect(found).toMatchObject({ outcome: 'dead-lettered', attempts: fate === 'never' ? 1 : TRIES });
    }
    if (found?.outcome !== 'dead-lettered') expect(['ticket-opened', 'message-appended']).toContain(found?.outcome);
  }
  for (const chat of [base, base + 1, base + 2]) {
    const history = await world.history(chat);
    const arrived = world.log
      .filter(({ record }) => record.key === `7:${chat}`)
      .map(({ idempotencyKey }) => idempotencyKey);
    // A redriven update takes its place when it comes: everything else stands in the order of arrival, and nothing stands twice.
    const inOrder = arrived.filter(
      (key) => outcomes.get(key)?.redrives === 0 && outcomes.get(key)?.outcome !== 'dead-lettered',
    );
    expect(history.filter((key) => outcomes.get(key)?.redrives === 0)).toEqual(inOrder);
    expect(new Set(history).size).toBe(history.length);
    if (history.length > 0) {
      const dead = arrived.filter((key) => outcomes.get(key)?.outcome === 'dead-lettered');
      const shown = await missingIn(chat);
      expect(shown).toEqual(expect.arrayContaining(dead));
      expect(shown.filter((key) => !dead.includes(key) && outcomes.get(key)?.redrives === 0)).toEqual([]);
      expect(new Set(shown).size).toBe(shown.length);
    }
    expect(history).toHaveLength(arrived.filter((key) => outcomes.get(key)?.outcome !== 'dead-lettered').length);
  }
}
