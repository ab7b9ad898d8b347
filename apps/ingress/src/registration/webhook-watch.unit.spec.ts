import type { Logger } from '@onceline/service-kit';
import type { Observation, WebhookGuard } from './guard-webhook.js';
import type { RegistrationMetrics } from './registration-metrics.js';
import { WebhookWatch } from './webhook-watch.js';

const report = { state: 'registered', differences: [], pending: 0, failing: false, lastErrorMessage: undefined };
const quiet = { report, repair: undefined, restraint: undefined } as unknown as Observation;
const repaired = { ...quiet, repair: { result: 'mended' } } as unknown as Observation;
const lost = { ...quiet, report: { ...report, state: 'lost' }, restraint: 'not-told' } as unknown as Observation;

/** Lines of the log after these looks, one after the other. */
async function linesAfter(looks: readonly Observation[]): Promise<object[]> {
  const lines: object[] = [];
  const write = (line: object) => void lines.push(line);
  const stop = new AbortController();
  const left = [...looks];
  await new Promise<void>((resolve) => {
    const look = (): Promise<Observation> => {
      const next = left.shift();
      if (next) return Promise.resolve(next);
      resolve();
      return new Promise(() => undefined);
    };
    new WebhookWatch({
      guards: [{ bot: { id: '7' }, look } as unknown as WebhookGuard],
      intervalMs: 1,
      metrics: { expect: () => undefined, looked: () => undefined } as unknown as RegistrationMetrics,
      logger: { info: write, warn: write, error: write } as unknown as Logger,
      stop,
    }).start();
  });
  stop.abort();
  return lines;
}

describe('the log of a watch has one line', () => {
  it('for a state, however often it is seen', async () => {
    expect(await linesAfter([quiet, quiet, quiet])).toHaveLength(1);
  });

  it('for each change of it', async () => {
    expect(await linesAfter([quiet, lost, lost, quiet])).toMatchObject([
      { state: 'registered' },
      { state: 'lost', not_repaired: 'not-told' },
      { state: 'registered' },
    ]);
  });

  it('for a repair, and none for the quiet after it', async () => {
    expect(await linesAfter([lost, repaired, quiet])).toMatchObject([{ state: 'lost' }, { repair: 'mended' }]);
  });
});
