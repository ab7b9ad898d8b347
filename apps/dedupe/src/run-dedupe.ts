import { runService, type RunningService } from '@onceline/service-kit';
import { AppModule, DEDUPE_TRANSPORT } from './app.module.js';
import type { DedupeConfig } from './config.js';
import type { DedupeTransport } from './dedupe-transport.js';

/** Starts dedupe; ready once every assigned partition is restored. */
export function runDedupe(
  config: DedupeConfig,
  options: { exit?: (code: number) => void } = {},
): Promise<RunningService> {
  return runService({
    ...options,
    name: 'dedupe',
    config,
    module: (kit) => AppModule.of(config, kit),
    transport: (app) => app.get<DedupeTransport>(DEDUPE_TRANSPORT).transport,
  });
}
