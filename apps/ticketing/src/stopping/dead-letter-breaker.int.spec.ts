import { eventually } from '@onceline/testing';
import { messageFrom } from '../store/fixtures.spec.js';
import { TestService } from '../test-service.spec.js';

const SETTINGS = {
  FAULTS_ENABLED: 'true',
  DEAD_LETTER_BREAKER_RECORDS: '20',
  DEAD_LETTER_BREAKER_TRIAL_MS: '300',
};

let service: TestService;
beforeAll(async () => {
  service = await TestService.start(SETTINGS);
}, 60_000);
afterAll(() => service.stop());

const publish = (chat: number, count: number) =>
  Promise.all(Array.from({ length: count }, (_, index) => service.publish(messageFrom(chat + index))));
const settledOf = async (keys: readonly string[]) =>
  (await service.store.ask('select 1 from ticketing.ledger where idempotency_key = any($1)', [keys])).length;
const breaker = async () => (await service.get<{ open: boolean; reason: string }>('/v1/dead-letter-breaker')).json;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it('too many dead letters stop every instance, across restarts, until an operator or a trial lets them go on', async () => {
  const rule = { match: { share: 1 }, kind: 'permanent', seconds: 600 };
  await service.admin('PUT', '/v1/faults', { rules: [rule] });
  const first = await publish(9000, 30);
  await eventually(async () => expect(await breaker()).toMatchObject({ open: true }));
  expect((await breaker()).reason).toMatch(/ended as dead letters$/);
  await eventually(async () => {
    const ready = await fetch(`${service.url}/health/ready`);
    // Where only the ready ones are reached, nobody could close the breaker otherwise.
    expect([ready.status, await ready.json()]).toMatchObject([
      200,
      {
        status: 'degraded',
        details: { 'dead-letters': { status: 'degraded', message: expect.stringContaining('ended as dead letters') } },
      },
    ]);
  });
  expect(await service.registry.metrics()).toContain('onceline_ticketing_breaker_state{breaker="dead-letters"} 2');

  const second = await publish(9100, 20);
  const settled = await settledOf([...first, ...second]);
  const other = await service.startInstance(SETTINGS);
  await sleep(3000);
  await other.stop();
  expect(await settledOf([...first, ...second])).toBe(settled);

  expect((await service.admin('POST', '/v1/dead-letter-breaker/close')).json).toMatchObject({ open: false });
  await eventually(async () => expect(await settledOf([...first, ...second])).toBe(50), { withinMs: 20_000 });
  await eventually(async () => expect(await breaker()).toMatchObject({ open: true }));

  const third = await publish(9200, 20);
  await sleep(1500);
  expect(await settledOf(third)).toBe(0);
  await service.admin('DELETE', '/v1/faults');
  await eventually(async () => expect(await settledOf(third)).toBe(20), { withinMs: 20_000 });
  const ready = await fetch(`${service.url}/health/ready`);
  expect([await breaker(), await ready.json()]).toMatchObject([{ open: false }, { status: 'ok' }]);
  const dead = await service.store.ask(
    `select 1 from ticketing.ledger where outcome = 'dead-lettered' and idempotency_key = any($1)`,
    [[...first, ...second, ...third]],
  );
  expect(dead).toHaveLength(50);
}, 90_000);
