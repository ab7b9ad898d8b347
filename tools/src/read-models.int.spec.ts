import { releaseStack, uniqueName, useStack } from '@onceline/testing';
import { Client } from 'pg';
import { masterKeyLine } from './demo-credentials.js';
import { resultOfTicketingProgram, runTicketingProgram } from './ticketing-program.js';

const KEYS = { MASTER_KEYS: masterKeyLine('spec') };
let url: string;
beforeAll(async () => {
  const { postgres } = await useStack({ kafka: false });
  url = await postgres.createDatabase(uniqueName('read_models').replaceAll(/[^a-z0-9_]/g, '_'));
  await runTicketingProgram('migrate', url, []);
});
afterAll(releaseStack);

async function ask<Row>(sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Row[];
  } finally {
    await client.end();
  }
}

const lastLine = (output: string) => output.trimEnd().split('\n').at(-1);

it('names what was damaged, mends it, and says with its exit code how it went', async () => {
  const seeded = await resultOfTicketingProgram<object>('seed-tickets', url, ['--tickets', '16'], KEYS);
  expect(seeded).toMatchObject({ tickets: 16, stored: 16 });
  const healthy = await runTicketingProgram('read-models', url, ['check']);
  expect(healthy.code).toBe(0);
  expect(lastLine(healthy.output)).toMatch(/^read-models: compared 16 tickets from \d+ events .*; none differed$/);

  const [damaged] = await ask<{ id: string }>(
    `update ticketing.tickets set assignee = 'nobody' where ticket_id = (select min(ticket_id) from ticketing.tickets) returning ticket_id as id`,
  );
  const found = await runTicketingProgram('read-models', url, ['check']);
  expect(found.code).toBe(1);
  expect(found.output).toContain(`ticket ${damaged?.id} is not what its events say\n`);
  const mended = await runTicketingProgram('read-models', url, ['rebuild']);
  expect(mended.code).toBe(0);
  expect(lastLine(mended.output)).toMatch(/; 1 differed, mended$/);
  expect((await runTicketingProgram('read-models', url, ['check'])).code).toBe(0);
}, 120_000);

it('is refused with a sentence: a wrong word, another one that runs, made up tickets among those of others', async () => {
  expect((await runTicketingProgram('read-models', url, ['mend'])).code).toBe(78);
  const other = new Client({ connectionString: url });
  await other.connect();
  await other.query(`select pg_advisory_lock(hashtext('onceline.ticketing.rebuild'))`);
  expect((await runTicketingProgram('read-models', url, ['rebuild'])).code).toBe(69);
  await other.end();
  await ask(`update ticketing.tickets set bot_id = '7'`);
  expect((await runTicketingProgram('seed-tickets', url, ['--tickets', '4'], KEYS)).code).toBe(78);
}, 120_000);
