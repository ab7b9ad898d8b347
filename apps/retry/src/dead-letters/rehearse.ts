import type { Queries } from '@onceline/postgres';
import { countOpen } from './claim.js';
import type { DeadLetterSource } from './dead-letter.js';
import { redriveRecord, redrivesBefore, type Redrivable } from './redrive-record.js';
import type { DryRun, RedriveBody } from './schemas.js';
import { Parameters, selectionConditions } from './selection.js';
import { correctedPayload, refuseWithoutWayBack, selectionOf } from './start-redrive.js';
import type { RehearsalRequest, TicketingClient } from './ticketing-client.js';

const MOST = 5000;
/** What fits into one request to ticketing. */
const REQUEST_UPDATES = 500;
const REQUEST_BYTES = 700_000;
const LONGEST_RECORD_KEY = 4096;
const PAGE = 100;

interface OpenRow extends Redrivable {
  readonly id: string;
  readonly consumer: string;
  readonly idempotencyKey: string | null;
}

/** Asks ticketing what a redrive would do, with the very records that it would send. Nothing is taken, sent or kept. */
export async function rehearse(
  queries: Queries,
  body: RedriveBody,
  parts: { readonly sources: readonly DeadLetterSource[]; readonly ticketing: Pick<TicketingClient, 'rehearse'> },
): Promise<DryRun> {
  const selection = selectionOf(body);
  const selected = await countOpen(queries, selection);
  const results: Record<string, number> = {};
  const count = (result: string): void => void (results[result] = (results[result] ?? 0) + 1);
  let batch: RehearsalRequest[] = [];
  const ask = async (): Promise<void> => {
    if (batch.length === 0) return;
    for (const { result } of await parts.ticketing.rehearse(batch)) count(result);
    batch = [];
  };
  for await (const row of openRows(queries, body)) {
    refuseWithoutWayBack([row], parts.sources);
    const update = toRequest(row, body);
    if (update === undefined) {
      count('not-rehearsed');
      continue;
    }
    if (!fits(batch, update)) await ask();
    batch.push(update);
  }
  await ask();
  const { 'not-rehearsed': left = 0, ...answered } = results;
  const rehearsed = Object.values(answered).reduce((sum, of) => sum + of, 0);
  return { dryRun: true, selected, rehearsed, results, summary: describeResults(results, selected - rehearsed - left) };
}

/** Page by page: payloads of thousands do not lie in memory at once. */
async function* openRows(queries: Queries, body: RedriveBody): AsyncGenerator<OpenRow> {
  let after = '';
  for (let read = 0; read < MOST; read += PAGE) {
    const parameters = new Parameters();
    const conditions = [
      `status = 'open'`,
      `dead_letter_id > ${parameters.add(after)}`,
      ...selectionConditions(selectionOf(body), parameters),
    ];
    const rows = await queries.query<OpenRow>(
      `select dead_letter_id as id, consumer, idempotency_key as "idempotencyKey", record_key as key, payload, headers,
         ${redrivesBefore('dead_letters', `''`)} as "redrivesBefore"
       from retry.dead_letters where ${conditions.join(' and ')} order by dead_letter_id limit ${PAGE}`,
      parameters.values,
    );
    yield* rows;
    const last = rows.at(-1);
    if (rows.length < PAGE || !last) return;
    after = last.id;
  }
}

/** Undefined for what ticketing cannot be asked about: no key, or more than a request may hold. */
function toRequest(row: OpenRow, body: RedriveBody): RehearsalRequest | undefined {
  const corrected = correctedPayload(body);
  const { key, value, headers } = redriveRecord(corrected === null ? row : { ...row, payload: corrected }, 'rehearsal');
  const request = {
    idempotencyKey: row.idempotencyKey ?? '',
    recordKey: key,
    headers: headers ?? {},
    payload: value?.toString('base64') ?? '',
  };
  const isAskable = row.idempotencyKey !== null && (key?.length ?? 0) <= LONGEST_RECORD_KEY;
  return isAskable && sizeOf(request) <= REQUEST_BYTES ? request : undefined;
}

function fits(batch: readonly RehearsalRequest[], update: RehearsalRequest): boolean {
  const size = batch.reduce((sum, one) => sum + sizeOf(one), sizeOf(update));
  return batch.length < REQUEST_UPDATES && size <= REQUEST_BYTES;
}

function sizeOf({ payload, headers }: RehearsalRequest): number {
  return payload.length + JSON.stringify(headers).length + 1000;
}

const WORDS: readonly (readonly [result: string, one: string, many: string])[] = [
  ['would-open', 'would open a ticket', 'would open tickets'],
  ['would-append', 'would be added to a ticket', 'would be added to tickets'],
  ['would-edit', 'would change a message of a ticket', 'would change messages of tickets'],
  ['would-answer', 'would be an answer in a ticket', 'would be answers in tickets'],
  ['would-record', 'would be an event of a ticket', 'would be events of tickets'],
  ['would-ignore', 'would be ignored', 'would be ignored'],
  ['has-ticket', 'already has one', 'already have one'],
  ['not-dead-lettered', 'has another outcome by now', 'have another outcome by now'],
  ['would-fail', 'would fail again', 'would fail again'],
  ['not-rehearsed', 'could not be asked about', 'could not be asked about'],
];

/** "27 would open tickets, 3 already have one, 2 would fail again". */
export function describeResults(results: Readonly<Record<string, number>>, notAsked: number): string {
  const known = WORDS.filter(([result]) => results[result]).map(([result, one, many]) => {
    const count = results[result] ?? 0;
    return `${count} ${count === 1 ? one : many}`;
  });
  const others = Object.entries(results).filter(([result]) => !WORDS.some(([name]) => name === result));
  const parts = [...known, ...others.map(([result, count]) => `${count} ${result}`)];
  if (notAsked > 0) parts.push(`${notAsked} were not asked about`);
  return parts.join(', ');
}
