import { runMain } from '@onceline/service-kit';
import { readDedupeConfig } from './config.js';
import { runDedupe } from './run-dedupe.js';

await runMain(() => runDedupe(readDedupeConfig()));
