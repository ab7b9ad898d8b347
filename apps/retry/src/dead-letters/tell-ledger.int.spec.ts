/** Discards on a real database, told to a ledger that answers over HTTP what each test says. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Postgres } from '@onceline/postgres';
import { releaseStack } from '@onceline/testing';
import { migratedDatabase } from '../migrated-database.spec.js';
import { discard } from './discard.js';
import { deadLetterOf, SOURCE } from './dead-letter.fixtures.spec.js';
import { storeDeadLetters } from './store-dead-letters.js';
import { TellLedger } from './tell-ledger.js';
import { TicketingClient } from './ticketing-client.js';

let postgres: Postgres;
let server: Server;
/** What the next requests are answered with. */
let answers: [status: number, body: object][] = [];
let failures: string[] = [];
let overtaken: [id: string, outcome: string][] = [];
let told = 0;
let tell: TellLedger;

beforeAll(async () => {
  ({ postgres } = await migratedDatabase());
  server = createServer((_, response) => {
    const [status, body] = answers.shift() ?? [599, {}];
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const ticketing = new TicketingClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'token');
  const observer = {
    ledgerTold: () => void (told += 1),
    discardOvertaken: (id: string, outcome: string) => void overtaken.push([id, outcome]),
    ticketingFailed: (error: unknown) => void failures.push(String(error)),
  };
  tell = new TellLedger({ postgres, ticketing, observer });
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await postgres.close();
  await releaseStack();
});
beforeEach(() => {
  [answers, failures, overtaken, told] = [[], [], [], 0];
});

async function discarded(key: string): Promise<string> {
  const letter = deadLetterOf({ 'idempotency-key': key });
  await storeDeadLetters(postgres, [letter]);
  const order = { selection: { id: letter.id }, actor: 'a', reason: 'spam' };
  await postgres.transaction((queries) => discard(queries, order, [SOURCE]));
  return letter.id;
}

/** One more round, however long the pause before it would be. */
async function tellAgain(): Promise<void> {
  await postgres.query('update retry.ledger_notices set next_try_at = now() where told_at is null');
  await tell.tellDue();
}

const noticeOf = async (id: string) =>
  (
    await postgres.query<{ answer: string; told: boolean }>(
      'select answer, told_at is not null as told from retry.ledger_notices where dead_letter_id = $1',
      [id],
    )
  )[0];

test.each([401, 403, 500])(
  'a ledger that answers %i is reported, and asked again until it has heard',
  async (status) => {
    const id = await discarded(`refused-${status}`);
    answers = [[status, { detail: 'not you' }]];
    await tell.tellDue();
    expect([told, failures]).toEqual([0, [expect.stringMatching(new RegExp(`ticketing answers ${status} .*not you`))]]);
    expect(await noticeOf(id)).toEqual({ answer: expect.stringContaining(`${status} `), told: false });
    answers = [[200, { outcome: 'discarded' }]];
    await tellAgain();
    expect([told, failures.length, await noticeOf(id)]).toEqual([1, 1, { answer: '200', told: true }]);
  },
);

const statusOf = async (id: string) =>
  (await postgres.query<{ status: string }>('select status from retry.dead_letters where dead_letter_id = $1', [id]))[0]
    ?.status;
const refusal: [number, object] = [409, { detail: 'Only a dead-lettered update can be discarded.' }];

test('a discard that an outcome has overtaken follows the ledger', async () => {
  const id = await discarded('overtaken');
  answers = [refusal, [200, { outcome: 'parked', ticketId: null }]];
  await tell.tellDue();
  expect([await statusOf(id), (await noticeOf(id))?.told, overtaken]).toEqual(['discarded', false, []]);
  answers = [refusal, [200, { outcome: 'ticket-opened', ticketId: 't' }]];
  await tellAgain();
  expect([await statusOf(id), (await noticeOf(id))?.told]).toEqual(['redriven', true]);
  expect(overtaken).toEqual([[id, 'ticket-opened']]);
  expect(failures).toEqual([]);
});

test('a discard of what is discarded there, or not known, stays one', async () => {
  for (const answer of [
    [200, { outcome: 'discarded' }],
    [404, {}],
  ] as [number, object][]) {
    const id = await discarded(`stays-${answer[0]}`);
    answers = [refusal, answer];
    await tell.tellDue();
    expect([await statusOf(id), (await noticeOf(id))?.told, overtaken]).toEqual(['discarded', true, []]);
  }
});
