import { Client } from 'pg';
import { masterKeyLine } from '../demo-credentials.js';
import { resultOfTicketingProgram } from '../ticketing-program.js';
import { median } from './statistics.js';
import { withWorkbench, type Suite } from './suite-context.js';

const METHOD =
  'Tickets seeded through events (seed-tickets: four to five events each), then three rounds of read-models rebuild by its program, as a person calls it; ' +
  'start of the program not counted. Medians. Floor in the same run: one connection reads all events in the order of tickets, page by page, and does nothing with them. ' +
  'Locked: for how long nobody could read or write a ticket. PostgreSQL with fsync on; program and server share the cores.';

interface Rebuilt {
  readonly events: number;
  readonly tickets: number;
  readonly differing: readonly string[];
  readonly lockedMs: number;
  readonly seconds: number;
}

/** Read models made again from a million events. */
export const rebuildSuite: Suite = ({ quick, say }) =>
  withWorkbench({ services: [], onProgress: say }, async ({ system }) => {
    const url = system.stack.postgres.url;
    const tickets = quick ? 2000 : 250_000;
    const seeded = await resultOfTicketingProgram<{ events: number }>(
      'seed-tickets',
      url,
      ['--tickets', `${tickets}`],
      {
        MASTER_KEYS: masterKeyLine('bench'),
      },
    );
    say(`${tickets} tickets seeded with ${seeded.events} events`);
    const rounds: Rebuilt[] = [];
    const floors: number[] = [];
    for (let round = 1; round <= (quick ? 1 : 3); round += 1) {
      floors.push(await secondsToRead(url));
      const rebuilt = await resultOfTicketingProgram<Rebuilt>('read-models', url, ['rebuild', '--json']);
      if (rebuilt.differing.length > 0) throw new Error(`${rebuilt.differing.length} tickets differed`);
      rounds.push(rebuilt);
      say(`round ${round}: ${rebuilt.seconds.toFixed(1)} s`);
    }
    const of = (figure: (rebuilt: Rebuilt) => number) => median(rounds.map(figure));
    const [seconds, floor] = [of((rebuilt) => rebuilt.seconds), median(floors)];
    const figures = {
      events: seeded.events,
      rebuild_seconds: seconds,
      seconds_per_million_events: (seconds / seeded.events) * 1_000_000,
      locked_ms: of(({ lockedMs }) => lockedMs),
      floor_read_seconds: floor,
      ratio_to_floor: seconds / floor,
    };
    return { suite: 'rebuild', figures, targets: TARGETS, method: METHOD, quick };
  });

const TARGETS = [{ figure: 'seconds_per_million_events', op: '<=', value: 60 }] as const;

const PAGE = {
  name: 'floor',
  text: `select ticket_id, version, payload::text from ticketing.events where (ticket_id, version) > ($1, $2)
    order by ticket_id, version limit 5000`,
};

async function secondsToRead(url: string): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const startedAt = performance.now();
    let last: { ticket_id: string; version: number } | undefined = { ticket_id: '', version: 0 };
    while (last) {
      const page: { rows: (typeof last)[] } = await client.query(PAGE, [last.ticket_id, last.version]);
      last = page.rows.at(-1);
    }
    return (performance.now() - startedAt) / 1000;
  } finally {
    await client.end();
  }
}
