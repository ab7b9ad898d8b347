// A real Prometheus with the rules of this repository, a real Alertmanager with the configuration of compose, and whoever is told.
// Expressions, severities and texts are those that are shipped; where a rule waits a minute, it waits a second here.
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@onceline/testing';
import { ask, startMonitoring, System, type Monitoring } from '@onceline/tools';
import { startAlertHook, type AlertHook, type HookedAlert } from './alert-hook.js';
import { makeFail, message, send } from './retrying.js';

const WITHIN = { withinMs: 60_000, everyMs: 200 };

let system: System;
let hook: AlertHook;
let monitoring: Monitoring;
beforeAll(async () => {
  hook = await startAlertHook();
  system = await System.start({
    environment: {
      FAULTS_ENABLED: 'true',
      LOG_LEVEL: 'warn',
      DATABASE_BREAKER_LONGEST_MS: '1000',
      DEAD_LETTER_BREAKER_RECORDS: '10',
      DEAD_LETTER_BREAKER_TRIAL_MS: '500',
    },
  });
  const { ingress, dedupe, ticketing, retry = '' } = system.access();
  monitoring = await startMonitoring({ services: { ingress, dedupe, ticketing, retry }, hook: hook.url });
}, 180_000);
afterAll(async () => {
  await monitoring?.stop();
  await system?.stop();
  await hook?.close();
});

const told = (alertname: string, labels: Record<string, string> = {}): readonly HookedAlert[] =>
  hook.alerts.filter((alert) =>
    Object.entries({ alertname, ...labels }).every(([label, value]) => alert.labels[label] === value),
  );

/** Waits until the last that was said of an alert is this. */
const becomes = (status: HookedAlert['status'], alertname: string, labels: Record<string, string> = {}) =>
  eventually(() => {
    const last = told(alertname, labels).at(-1);
    expect(last).toMatchObject({ status });
    return last;
  }, WITHIN);

const write = (text: string, chat: number) => send(system, [message(system, text, chat)]);

const answer = async (expr: string) => (await ask(monitoring.prometheus, expr))[0]?.value;

/** Customers go on writing until the work is done. */
async function whileWriting<T>(work: () => Promise<T>): Promise<T> {
  let chat = 800_000;
  let isDone = false;
  const writing = (async () => {
    while (!isDone) {
      await write('Is anybody there?', (chat += 1));
      await sleep(50);
    }
  })();
  return work().finally(() => {
    isDone = true;
    return writing;
  });
}

describe('somebody is paged, and told when it is over', () => {
  it('nobody while all is well', async () => {
    await write('Hello', 700_001);
    const looks = 'min(count_over_time(onceline_build_info[1m]))';
    await eventually(async () => expect(await answer(looks)).toBeGreaterThan(8), WITHIN);
    expect(await answer('sum(onceline_build_info)')).toBe(4);
    expect(await answer('count(ALERTS{alertstate="firing",severity="critical"})')).toBeUndefined();
  });

  it('PostgreSQL away: BreakerOpen, critical, at once, with its runbook', async () => {
    await write('Before', 700_002);
    await system.stack.postgres.stop();
    const alert = await whileWriting(() => becomes('firing', 'BreakerOpen', { breaker: 'database' }));
    expect(alert).toMatchObject({
      receiver: 'at-once',
      labels: { severity: 'critical' },
      annotations: {
        summary: 'Ticketing has stopped itself (database).',
        runbook: 'docs/runbooks.md#breakeropen',
      },
    });
    await system.stack.postgres.start();
    await becomes('resolved', 'BreakerOpen', { breaker: 'database' });
  });

  it('updates that fail for good: BreakerOpen of the dead letters, until the fault is switched off', async () => {
    await makeFail(system, [{ match: { share: 1 }, kind: 'permanent' }]);
    await whileWriting(async () => {
      const alert = await becomes('firing', 'BreakerOpen', { breaker: 'dead-letters' });
      expect(alert).toMatchObject({ receiver: 'at-once', labels: { severity: 'critical' } });
      await makeFail(system, []);
      await becomes('resolved', 'BreakerOpen', { breaker: 'dead-letters' });
    });
  });

  it('dedupe killed: ServiceAbsent, and nothing of the one process that it was', async () => {
    const dedupe = system.service('dedupe');
    await dedupe.kill();
    const alert = await becomes('firing', 'ServiceAbsent');
    expect(alert).toMatchObject({
      receiver: 'at-once',
      labels: { severity: 'critical', service: 'dedupe' },
      annotations: { summary: 'No process of dedupe answers.', runbook: 'docs/runbooks.md#serviceabsent' },
    });
    const firing = 'count(ALERTS{alertname="InstanceDown",alertstate="firing"})';
    await eventually(async () => expect(await answer(firing)).toBe(1), WITHIN);
    await dedupe.start();
    await becomes('resolved', 'ServiceAbsent');
    expect(told('InstanceDown')).toEqual([]);
  });

  it('and the books balance afterwards', async () => {
    expect(await system.audit(60_000)).toMatchObject({ balanced: true });
  });
});
