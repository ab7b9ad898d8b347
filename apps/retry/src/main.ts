import { runMain } from '@onceline/service-kit';
import { readRetryConfig } from './config.js';
import { runRetry } from './retry.js';

await runMain(() => runRetry(readRetryConfig()));
