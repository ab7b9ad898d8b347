import type { Postgres } from '@onceline/postgres';
import { releaseStack } from '@onceline/testing';
import { migratedDatabase } from '../migrated-database.spec.js';
import { deadLetterOf, SOURCE } from './dead-letter.fixtures.spec.js';
import { forgetPayloads } from './forget-payloads.js';
import { startRedrive } from './start-redrive.js';
import { storeDeadLetters } from './store-dead-letters.js';

let postgres: Postgres;

beforeAll(async () => {
  ({ postgres } = await migratedDatabase());
});
afterAll(async () => {
  await postgres.close();
  await releaseStack();
});

async function bury(key: string, daysAgo: number): Promise<string> {
  const letter = deadLetterOf({ 'idempotency-key': key });
  await storeDeadLetters(postgres, [letter]);
  const age = `update retry.dead_letters set dead_at = now() - make_interval(days => $2) where dead_letter_id = $1`;
  await postgres.query(age, [letter.id, daysAgo]);
  return letter.id;
}

async function hasPayload(id: string): Promise<unknown> {
  const sql = 'select status, payload is not null as kept from retry.dead_letters where dead_letter_id = $1';
  const [row] = await postgres.query<{ status: string; kept: boolean }>(sql, [id]);
  return [row?.status, row?.kept];
}

const close = (id: string, status: string) =>
  postgres.query('update retry.dead_letters set status = $2 where dead_letter_id = $1', [id, status]);

describe('what a customer wrote', () => {
  it.each(['redriven', 'failed-again', 'discarded'])(
    'goes from a dead letter that is %s after 30 days',
    async (status) => {
      const [young, old] = [await bury(`${status}-young`, 29), await bury(`${status}-old`, 31)];
      for (const id of [young, old]) await close(id, status);
      await forgetPayloads(postgres);
      expect(await hasPayload(young)).toEqual([status, true]);
      expect(await hasPayload(old)).toEqual([status, false]);
    },
  );

  it('stays with one that can still be redriven, however old it is', async () => {
    const [open, redriving] = [await bury('open', 400), await bury('redriving', 400)];
    await close(redriving, 'redriving');
    await forgetPayloads(postgres);
    expect(await hasPayload(open)).toEqual(['open', true]);
    expect(await hasPayload(redriving)).toEqual(['redriving', true]);
  });

  it('goes from its corrections with it', async () => {
    const id = await bury('corrected', 31);
    const body = { id, reason: 'mended', rate: 10, canary: [], dryRun: false, payload: { text: '{"update_id":1}' } };
    await postgres.transaction((queries) => startRedrive(queries, { body, actor: 'a' }, [SOURCE]));
    const corrections = () => postgres.query('select 1 from retry.redrive_items where payload is not null');
    expect(await corrections()).toHaveLength(1);
    await forgetPayloads(postgres);
    expect(await corrections()).toHaveLength(1);
    await close(id, 'redriven');
    await forgetPayloads(postgres);
    expect(await corrections()).toEqual([]);
  });
});
