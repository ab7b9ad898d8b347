import { jest } from '@jest/globals';
import { botPolicy, botPolicySchema, STANDARD_POLICY } from './bot-policy.js';
import { Policies } from './policies.js';
import type { StoredPolicy } from './policy.store.js';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const policy = (staff: string[]): StoredPolicy => ({
  ...{ botId: '7', version: 1, madeBy: 'ada', madeAt: '2026-01-01T00:00:00.000Z' },
  document: botPolicySchema.parse({ staff }),
});

it('hold from the first update on, anew after two seconds, and on while they cannot be read', async () => {
  let stored: StoredPolicy[] | Error = [policy(['77'])];
  const failures: unknown[] = [];
  const readAll = () => (stored instanceof Error ? Promise.reject(stored) : Promise.resolve(stored));
  const policies = new Policies({ readAll }, (error) => failures.push(error));
  await policies.start();
  expect([policies.of('7').isStaff('77'), policies.of('8')]).toEqual([true, STANDARD_POLICY]);
  stored = [policy(['78'])];
  await jest.advanceTimersByTimeAsync(2000);
  expect([policies.of('7').isStaff('77'), policies.of('7').isStaff('78')]).toEqual([false, true]);
  stored = new Error('away');
  await jest.advanceTimersByTimeAsync(600_000);
  expect([policies.of('7').isStaff('78'), failures[0]]).toEqual([true, stored]);
  await policies.stop();
});

it('without them nothing starts', async () => {
  const policies = new Policies({ readAll: () => Promise.reject(new Error('away')) }, () => undefined);
  await expect(policies.start()).rejects.toThrow('away');
});

it('a closed ticket is not reopened, so it is not closed before the window ends', () => {
  expect(botPolicySchema.safeParse({ closeAfterHours: 71 }).success).toBe(false);
  expect(botPolicySchema.safeParse({ closeAfterHours: 1, reopenWithinHours: 1 }).success).toBe(true);
  expect(botPolicySchema.safeParse({ closeAfterHours: null }).success).toBe(true);
  expect(botPolicySchema.safeParse({ closingPhrases: ['...'] }).success).toBe(false);
});

it('what is set for a group holds for the supergroup that it has become, until something is set for that', () => {
  const document = botPolicySchema.parse({ groupTicketsByChat: { '-5': 'topic', '-6': 'topic', '-1006': 'customer' } });
  const policy = botPolicy(document, { '-1005': '-5', '-1006': '-6' });
  expect(['-5', '-1005', '-6', '-1006', '-1007'].map((chat) => policy.sharesTickets(chat))).toEqual([
    ...[true, true, true, false, false],
  ]);
});

it('those that keep texts for some days are known with their time', async () => {
  const stored = [7, 30, null].map((keepTextsDays, index): StoredPolicy => ({
    ...policy([]),
    botId: String(index),
    document: botPolicySchema.parse({ keepTextsDays }),
  }));
  const policies = new Policies({ readAll: () => Promise.resolve(stored) }, () => undefined);
  await policies.load();
  expect(policies.retentions()).toEqual([
    { botId: '0', keepMs: 7 * 86_400_000 },
    { botId: '1', keepMs: 30 * 86_400_000 },
  ]);
});
