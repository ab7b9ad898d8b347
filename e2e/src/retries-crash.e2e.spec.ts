import { setTimeout as sleep } from 'node:timers/promises';
import { System, type ServiceName } from '@onceline/tools';
import { eventually } from '@onceline/testing';
import { expectBalanced } from './books.js';
import {
  type Return,
  chatter,
  expectNeverEarly,
  ladderEnvironment,
  makeFail,
  parkedHeads,
  settled,
} from './retrying.js';
import { sendLoad } from './telegram-load.js';

const LADDER = { rungsMs: [1000, 2000], tries: 6 };
const LONGEST_RUNG_MS = 2000 * 1.1;

const KILLS = Number(process.env['RETRY_KILLS'] ?? 6);

let system: System;
beforeAll(async () => {
  system = await System.start({ environment: ladderEnvironment(LADDER) });
});
afterAll(() => system.stop());

/** Nothing waits any more, nothing was given up, and nobody was early. Answers who came back. */
async function expectAllBack(): Promise<Return[]> {
  await eventually(async () => expect(await parkedHeads(system)).toEqual([]), { withinMs: 60_000, everyMs: 500 });
  const { outcomes } = await expectBalanced(system);
  expect(outcomes).toMatchObject({ parked: 0, 'dead-lettered': 0 });
  return expectNeverEarly(system, LADDER);
}

const chatsFrom = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index);

/** As many conversations as chats, each with its first update waiting and one behind it. */
async function parkAll(chats: readonly number[], times: number): Promise<string[]> {
  await makeFail(system, [{ match: { share: 1 }, kind: 'transient', times }]);
  const keys = await chatter(system, chats, 2);
  await eventually(async () => expect(await parkedHeads(system)).toHaveLength(chats.length));
  return keys;
}

/** Each of them climbed its rungs once, however often it came back, and then succeeded. */
async function expectClimbed(keys: readonly string[], failures: number): Promise<void> {
  const entries = await settled(system, keys, 60_000);
  expect(entries.map(({ attempts }) => attempts)).toEqual(keys.map(() => failures + 1));
  const last = (await expectAllBack()).filter(({ attempt }) => attempt === failures).map(({ key }) => key);
  expect(keys.filter((key) => !last.includes(key))).toEqual([]);
}

describe('while updates wait for their next try', () => {
  const killOneAfterTheOther = async () => {
    await makeFail(system, [{ match: { share: 0.15 }, kind: 'transient', times: 2 }]);
    const names: ServiceName[] = ['ticketing', 'retry'];
    for (let kill = 0; kill < KILLS; kill++) {
      const load = sendLoad(system, { updates: 250, seed: 61 + kill, rate: 150, faults: { 'duplicate-later': 0.05 } });
      await eventually(async () => expect(await parkedHeads(system)).not.toEqual([]));
      await sleep(Math.random() * 2000);
      const service = system.service(names[kill % names.length] ?? 'retry');
      await service.kill();
      await service.start();
      expect(await load).toMatchObject({ acknowledged: 250, pending: 0, dropped: 0 });
    }
    expect((await expectAllBack()).length).toBeGreaterThan(KILLS * 250 * 0.15);
  };
  it(
    `${KILLS} SIGKILLs of ticketing and retry at random moments lose and double nothing`,
    killOneAfterTheOther,
    60_000 + KILLS * 30_000,
  );

  it('PostgreSQL away for longer than the longest rung spends no tries and gives nothing up', async () => {
    const keys = await parkAll(chatsFrom(961_000, 40), 2);
    await system.stack.postgres.stop();
    const meanwhile = chatter(system, chatsFrom(962_000, 20), 2);
    await sleep(2 * LONGEST_RUNG_MS);
    expect((await fetch(`${system.access().ticketing}/health/ready`)).status).toBe(503);
    await system.stack.postgres.start();
    await expectClimbed([...keys, ...(await meanwhile)], 2);
  });

  it('Kafka stopped and started, then killed and started, brings all of them back, none early', async () => {
    const keys = await parkAll(chatsFrom(963_000, 40), 4);
    const { kafka } = system.stack;
    await kafka.stop();
    await kafka.start();
    await eventually(async () => expect(await parkedHeads(system)).not.toEqual([]));
    await kafka.kill();
    await kafka.start();
    await expectClimbed(keys, 4);
  });
});
