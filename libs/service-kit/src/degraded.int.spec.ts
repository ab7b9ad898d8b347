import { Module } from '@nestjs/common';
import { openApi } from './open-api.js';
import { runService, type RunningService } from './run-service.js';

class SpecModule {}
Module({})(SpecModule);

let reason: string | undefined;
let service: RunningService;
beforeAll(async () => {
  service = await runService({
    name: 'spec',
    config: { PORT: 0, HOST: '127.0.0.1', LOG_LEVEL: 'silent', SHUTDOWN_TIMEOUT_MS: 5000 },
    docs: openApi({ title: 'Spec', version: '1' }, []),
    module: ({ health }) => {
      health.degradation('light', () => reason);
      return SpecModule;
    },
    exit: () => undefined,
  });
});
afterAll(() => service.stop());

const health = async (path: string) => {
  const answer = await fetch(`${service.url}/health/${path}`);
  return [answer.status, await answer.json()];
};

it('what works less well is ready, and says so', async () => {
  reason = 'one lamp of two';
  expect(await health('ready')).toMatchObject([
    200,
    { status: 'degraded', details: { light: { status: 'degraded', message: reason } } },
  ]);
  expect(await health('live')).toMatchObject([200, { status: 'ok' }]);
  reason = undefined;
  expect(await health('ready')).toMatchObject([200, { status: 'ok', details: { light: { status: 'up' } } }]);
});
