import { setTimeout as sleep } from 'node:timers/promises';
import type { OutgoingRecord } from '@onceline/kafka';
import type { Client } from 'pg';
import type { ServiceName } from '../service-process.js';
import { SERVICES } from '../system.js';
import { inParallel, type Workbench } from './suite-context.js';

const ROUND_TIMEOUT_MS = 180_000;

/** A load that lies in a topic before anybody reads it. */
export interface LyingLoad {
  readonly topic: string;
  readonly first: number;
  readonly count: number;
  readonly record: (n: number) => OutgoingRecord;
  readonly services: readonly ServiceName[];
  /** Settings of these services beside those of the bench. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Updates that new processes of the services settle per second. */
export async function rateOfServices({ system, kafka, database }: Workbench, load: LyingLoad): Promise<number> {
  const producer = await kafka.producer();
  await inParallel(load.count, 2000, (n) => producer.send(load.topic, load.record(load.first + n)));
  await producer.close();
  await database.query('truncate ticketing.ledger');
  const started = await Promise.all(load.services.map((name) => system.addInstance(name, load.environment)));
  try {
    return await rateOf(database, { table: 'ticketing.ledger', time: 'settled_at', count: load.count });
  } finally {
    const inOrder = [...started].sort((a, b) => SERVICES.indexOf(a.settings.name) - SERVICES.indexOf(b.settings.name));
    for (const service of inOrder) await system.removeInstance(service);
  }
}

/** Waits for the rows, then takes the rate of the middle 80 %. */
export async function rateOf(
  database: Client,
  { table, time, count }: { table: string; time: string; count: number },
): Promise<number> {
  const deadline = Date.now() + ROUND_TIMEOUT_MS;
  for (;;) {
    const { rows } = await database.query<{ count: number }>(`select count(*)::int as count from ${table}`);
    const done = rows[0]?.count ?? 0;
    if (done >= count) break;
    if (Date.now() > deadline)
      throw new Error(`${done} of ${count} rows in ${table} after ${ROUND_TIMEOUT_MS / 1000} s`);
    await sleep(500);
  }
  const { rows } = await database.query<{ rows: number; seconds: number }>(
    `with timed as (select ${time} as at, percent_rank() over (order by ${time}) as rank from ${table})
     select count(*)::int as rows, extract(epoch from max(at) - min(at))::float8 as seconds
       from timed where rank between 0.1 and 0.9`,
  );
  const middle = rows[0];
  return middle && middle.seconds > 0 ? middle.rows / middle.seconds : Number.NaN;
}
