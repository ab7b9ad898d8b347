import { runMain, runService } from '@onceline/service-kit';
import { TICKETING_API } from './api/open-api.js';
import { readTicketingConfig } from './config.js';
import { Ticketing } from './ticketing.js';

await runMain(() => {
  const config = readTicketingConfig();
  const ticketing = new Ticketing(config);
  return runService({
    name: 'ticketing',
    config,
    docs: TICKETING_API,
    module: (kit) => ticketing.module(kit),
    transport: (_app, kit) => ticketing.transport(kit),
  });
});
