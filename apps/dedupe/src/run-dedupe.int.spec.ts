import { TOPICS, topicDeclarations } from '@onceline/contracts';
import { createLogger, type RunningService } from '@onceline/service-kit';
import { eventually, releaseStack, uniqueName, useStack } from '@onceline/testing';
import { readDedupeConfig } from './config.js';
import { DedupeHarness, HOUR, PARTITIONS } from './dedupe-harness.spec.js';
import { openKafka } from './open-kafka.js';
import { runDedupe } from './run-dedupe.js';

let harness: DedupeHarness | undefined;
let service: RunningService | undefined;
let brokers: string;
const groupId = uniqueName('dedupe');

const configOf = (settings: NodeJS.ProcessEnv = {}) =>
  readDedupeConfig({
    KAFKA_BROKERS: brokers,
    PORT: '0',
    LOG_LEVEL: 'silent',
    PARTITIONS: String(PARTITIONS),
    DEDUPE_GROUP_ID: uniqueName('dedupe'),
    ...settings,
  });
const noExit = (code: number) => {
  throw new Error(`the service ended itself with ${code}`);
};

beforeAll(async () => {
  brokers = (await useStack({ postgres: false })).kafka.brokers.join(',');
});
afterAll(async () => {
  await service?.stop();
  await harness?.stop();
  await releaseStack();
});

describe('the service', () => {
  it('refuses to start without its topics and says the command that makes them', async () => {
    await expect(runDedupe(configOf(), { exit: noExit })).rejects.toThrow(
      /telegram\.updates\.raw[\s\S]*npm run provision/,
    );
  });

  it('refuses topics with another partition count', async () => {
    harness = await DedupeHarness.start();
    const problems = await harness.kafka.admin.check(topicDeclarations({ partitions: PARTITIONS + 1 }));
    expect(problems.length).toBeGreaterThan(0);
    const wrong = configOf({ PARTITIONS: String(PARTITIONS + 1) });
    await expect(runDedupe(wrong, { exit: noExit })).rejects.toThrow(/telegram\.updates\.raw/);
  });

  it('refuses to remember for longer than its topic keeps the keys, until the command it names has run', async () => {
    const long = configOf({ DEDUPE_TTL_HOURS: '200' });
    const words = await runDedupe(long, { exit: noExit }).then(
      () => 'it started',
      (error: Error) => error.message,
    );
    expect(words).toContain(
      'telegram.updates.seen" keeps its records for 96 h (retention.ms 345600000), needed are 224 h',
    );
    expect(words).toContain(`npm run provision -- --partitions ${PARTITIONS} --dedupe-ttl-hours 200`);
    await harness?.kafka.admin.raiseSettings(topicDeclarations({ partitions: PARTITIONS, dedupeTtlMs: 200 * HOUR }));
    await (await openKafka(long, createLogger('dedupe', 'silent'))).close();
  });

  it('gets ready, dedupes, and shows its figures', async () => {
    service = await runDedupe(configOf({ DEDUPE_GROUP_ID: groupId }), { exit: noExit });
    const { url } = service;
    await eventually(async () => (await fetch(`${url}/health/ready`)).status === 200, { withinMs: 20_000 });
    await harness?.send('77', [{ updateId: 1 }, { updateId: 1 }, { updateId: 2, partition: 1 }]);
    await harness?.settled(groupId);
    expect((await harness?.updateIds(TOPICS.unique, '77'))?.sort()).toEqual([1, 2]);
    const metrics = await eventually(async () => {
      const text = await (await fetch(`${url}/metrics`)).text();
      expect(text).toContain('onceline_dedupe_records_total{result="first"} 2');
      return text;
    });
    for (const line of [
      'onceline_dedupe_records_total{result="duplicate"} 1',
      'onceline_dedupe_records_total{result="collision"} 0',
      'onceline_dedupe_records_total{result="unreadable"} 0',
      'onceline_dedupe_keys_held 2',
      'onceline_dedupe_restore_seconds{partition="2"} 0',
      'onceline_dedupe_lag_records{partition="0"} 0',
    ]) {
      expect(metrics).toContain(line);
    }
    expect(metrics).toMatch(/onceline_dedupe_bytes_per_key [1-9]/);
    expect(metrics).toMatch(/onceline_dedupe_transaction_seconds_count [1-9]/);
  });

  it('stops in order and leaves its group, so that the next instance need not wait for a time-out', async () => {
    await service?.stop();
    service = undefined;
    const next = await harness?.instance(groupId);
    await eventually(() => next?.handle.isReady() ?? false, { withinMs: 5_000 });
    expect(next?.handle.assignment()).toHaveLength(PARTITIONS);
  });
});
