import { runMain } from '@onceline/service-kit';
import { readIngressConfig } from './config.js';
import { runIngress } from './run-ingress.js';

await runMain(() => runIngress(readIngressConfig()));
