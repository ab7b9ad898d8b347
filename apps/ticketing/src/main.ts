import { runMain } from '@onceline/service-kit';
import { readTicketingConfig } from './config.js';
import { runTicketing } from './ticketing.js';

await runMain(() => runTicketing(readTicketingConfig()));
