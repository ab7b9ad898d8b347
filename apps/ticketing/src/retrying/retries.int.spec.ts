import { eventually } from '@onceline/testing';
import { messageFrom } from '../store/fixtures.spec.js';
import { TestService } from '../test-service.spec.js';

const SETTINGS = { FAULTS_ENABLED: 'true', TICKETING_DRAIN_LIMIT: '3', DEAD_LETTER_BREAKER_PERCENT: '100' };

let service: TestService;
let stopForwarding: () => Promise<void>;
beforeAll(async () => {
  service = await TestService.start(SETTINGS);
  stopForwarding = service.forwardRetries();
}, 60_000);
afterAll(async () => {
  await stopForwarding();
  await service.stop();
});

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it('while instances come and go, every update has its tries and its outcome, and every conversation its order', async () => {
  await service.admin('PUT', '/v1/faults', {
    rules: [
      { match: { share: 0.02 }, kind: 'permanent', seconds: 600 },
      { match: { share: 0.02 }, kind: 'transient', seconds: 600 },
      { match: { share: 0.1 }, kind: 'transient', seconds: 600, times: 2 },
    ],
  });
  const chats = Array.from({ length: 20 }, (_, index) => 700 + index);
  const keys: string[] = [];
  const load = (async () => {
    for (let round = 0; round < 40; round += 1) {
      keys.push(...(await Promise.all(chats.map((chat) => service.publish(messageFrom(chat, `${round}`))))));
      await sleep(40);
    }
  })();
  for (let times = 0; times < 2; times += 1) {
    const other = await service.startInstance(SETTINGS);
    await sleep(700);
    await other.stop();
  }
  await load;
  const rows = await eventually(
    async () => {
      const found = await service.store.ask<{
        key: string;
        outcome: string;
        attempts: number;
        failure_code: string | null;
      }>(
        `select idempotency_key as key, outcome, attempts, failure_code from ticketing.ledger where outcome <> 'parked'
           and idempotency_key = any($1)`,
        [keys],
      );
      expect(found).toHaveLength(800);
      return found;
    },
    { withinMs: 60_000 },
  );
  expect(await service.store.ask('select 1 from ticketing.parked_updates')).toEqual([]);
  const dead = new Set(rows.filter(({ outcome }) => outcome === 'dead-lettered').map(({ key }) => key));
  expect(dead.size).toBeGreaterThan(0);
  expect(rows.some(({ outcome, attempts }) => outcome !== 'dead-lettered' && attempts === 3)).toBe(true);
  expect(rows.filter(({ failure_code: code }) => code !== null && code !== 'fault-injected')).toEqual([]);
  const stored = await service.store.ask<{ chat_id: string; keys: string[] }>(
    `select t.chat_id, array_agg(e.idempotency_key order by e.version) as keys from ticketing.events e join ticketing.tickets t using (ticket_id)
       where e.type = 'message-appended' and t.chat_id = any($1) group by t.chat_id`,
    [chats.map(String)],
  );
  for (const [index, chat] of chats.entries()) {
    const arrived = keys.filter((_, at) => at % chats.length === index && !dead.has(keys[at] ?? ''));
    expect(stored.find(({ chat_id: id }) => id === String(chat))?.keys).toEqual(arrived);
  }
}, 120_000);
