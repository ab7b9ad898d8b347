/** A redrive whose send timed out although the broker has the record, and which was cancelled then. On a real database. */
import { KafkaError, type OutgoingRecord } from '@onceline/kafka';
import type { Postgres } from '@onceline/postgres';
import { releaseStack } from '@onceline/testing';
import { migratedDatabase } from '../migrated-database.spec.js';
import { cancelRedrive } from './cancel-redrive.js';
import { deadLetterOf, SOURCE } from './dead-letter.fixtures.spec.js';
import { SendRedrives } from './send-redrives.js';
import { startRedrive } from './start-redrive.js';
import { storeDeadLetters } from './store-dead-letters.js';

let postgres: Postgres;
const sent: OutgoingRecord[] = [];

beforeAll(async () => {
  ({ postgres } = await migratedDatabase());
});
afterAll(async () => {
  await postgres.close();
  await releaseStack();
});
beforeEach(() => void sent.splice(0));

/** Answers the id of the redrive; its record is in the log, and nobody here knows it. */
async function redrive(id: string): Promise<string> {
  const body = { id, reason: 'mended', rate: 10, canary: [], dryRun: false };
  const started = await postgres.transaction((queries) => startRedrive(queries, { body, actor: 'a' }, [SOURCE]));
  const producer = {
    send: async (_topic: string, record: OutgoingRecord) => {
      sent.push(record);
      throw new KafkaError('delivery-timeout', 'the acknowledgement is late');
    },
  };
  const observer = { redriveSent: () => undefined, redriveSendFailed: () => undefined, redriveEnded: () => undefined };
  await new SendRedrives({ postgres, producer, sources: [SOURCE], observer }).sendDue();
  return started.id;
}

const cancel = (id: string) =>
  postgres.transaction((queries) => cancelRedrive(queries, id, { actor: 'a', reason: 'it hangs' }));

/** What ticketing writes when the record that was sent at last fails there again. */
async function failAgain(index: number): Promise<string> {
  const letter = deadLetterOf(sent[index]!.headers ?? {});
  await storeDeadLetters(postgres, [letter]);
  return letter.id;
}

async function bury(key: string): Promise<string> {
  const letter = deadLetterOf({ 'idempotency-key': key });
  await storeDeadLetters(postgres, [letter]);
  return letter.id;
}

async function statuses(key: string): Promise<Record<string, string>> {
  const rows = await postgres.query<{ id: string; status: string }>(
    'select dead_letter_id as id, status from retry.dead_letters where idempotency_key = $1',
    [key],
  );
  return Object.fromEntries(rows.map(({ id, status }) => [id, status]));
}

const counts = () => sent.map(({ headers }) => headers?.['redrive-count']);

test('its record fails again: the new dead letter is the one that is open', async () => {
  const original = await bury('late');
  await cancel(await redrive(original));
  expect(await statuses('late')).toEqual({ [original]: 'open' });
  const back = await failAgain(0);
  expect(await statuses('late')).toEqual({ [original]: 'failed-again', [back]: 'open' });
  const [item] = await postgres.query('select state, outcome from retry.redrive_items where dead_letter_id = $1', [
    original,
  ]);
  expect(item).toEqual({ state: 'failed-again', outcome: 'dead-lettered' });
  await cancel(await redrive(back));
  expect(counts()).toEqual(['1', '2']);
});

test('its record fails again while the original is redriven once more: two counts, and one is open at last', async () => {
  const original = await bury('twice');
  await cancel(await redrive(original));
  const second = await redrive(original);
  const back = await failAgain(0);
  expect(await statuses('twice')).toEqual({ [original]: 'redriving', [back]: 'open' });
  const again = await failAgain(1);
  expect(await statuses('twice')).toEqual({ [original]: 'failed-again', [back]: 'failed-again', [again]: 'open' });
  expect(counts()).toEqual(['1', '2']);
  await cancel(second);
});

test('its record comes behind that of the next redrive: again one is open at last', async () => {
  const original = await bury('overtaken');
  await cancel(await redrive(original));
  await redrive(original);
  const back = await failAgain(1);
  const late = await failAgain(0);
  expect(await statuses('overtaken')).toEqual({ [original]: 'failed-again', [back]: 'failed-again', [late]: 'open' });
  await cancel(await redrive(late));
  expect(counts()).toEqual(['1', '2', '3']);
});

test('a copy of an earlier dead letter closes nothing that came later', async () => {
  const original = await bury('copied');
  await cancel(await redrive(original));
  const back = await failAgain(0);
  await cancel(await redrive(back));
  const again = await failAgain(1);
  const copy = deadLetterOf(sent[0]!.headers ?? {});
  await storeDeadLetters(postgres, [copy]);
  expect(copy.id).toBe(back);
  expect(await statuses('copied')).toEqual({ [original]: 'failed-again', [back]: 'failed-again', [again]: 'open' });
});
