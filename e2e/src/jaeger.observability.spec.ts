import { writeFileSync } from 'node:fs';
import { retryTopicName, TOPICS } from '@onceline/contracts';
import { eventually } from '@onceline/testing';
import { System } from '@onceline/tools';
import { Jaeger, type JaegerSpan } from './jaeger.js';
import { entriesOf, ladderEnvironment, makeFail, message, send, settled } from './retrying.js';

const LADDER = { rungsMs: [500, 1000], tries: 4 };
/** The flag of a trace that the one who began it does not want to be recorded. */
const unrecorded = (traceId: string) => ({ traceparent: `00-${traceId}-00f067aa0ba902b7-00` });

let jaeger: Jaeger;
let system: System;
beforeAll(async () => {
  jaeger = await Jaeger.start(process.env);
  const environment = { ...ladderEnvironment(LADDER), OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.endpoint };
  system = await System.start({ environment });
}, 300_000);
afterAll(async () => {
  await system?.stop();
  await jaeger?.stop();
}, 60_000);

const sentence = ({ service, name }: JaegerSpan) => `${service} ${name}`;
const [firstWait, secondWait] = LADDER.rungsMs.map((ms) => retryTopicName('ticketing', ms));

const FROM_THE_FIRST_TRY = [
  `ticketing process ${TOPICS.unique}`,
  `ticketing send ${firstWait}`,
  `retry send ${TOPICS.ticketingRedelivery}`,
  `ticketing process ${TOPICS.ticketingRedelivery}`,
  `ticketing send ${secondWait}`,
  `retry send ${TOPICS.ticketingRedelivery}`,
  `ticketing process ${TOPICS.ticketingRedelivery}`,
  // The ticket is opened, and has its first message.
  `ticketing send ${TOPICS.ticketEvents}`,
  `ticketing send ${TOPICS.ticketEvents}`,
];
const EVERY_HOP = [
  'ingress POST /telegram/{botId}',
  `ingress send ${TOPICS.raw}`,
  `dedupe process ${TOPICS.raw}`,
  ...FROM_THE_FIRST_TRY,
];

/** Sends an update that fails for its first two tries, and waits until it has a ticket. */
async function retriedTwice(text: string, chat: number, headers: Record<string, string> = {}) {
  const update = message(system, text, chat);
  await makeFail(system, [{ match: { idempotencyKey: update.key }, kind: 'transient', times: 2 }]);
  await send(system, [update], headers);
  const [entry] = await settled(system, [update.key], 90_000);
  expect(entry).toMatchObject({ outcome: 'ticket-opened', attempts: 3 });
  return { key: update.key, ticketId: entry!.ticketId!, traceId: entry!.traceId! };
}

const complete = (traceId: string, hops: readonly string[]) =>
  eventually(
    async () => {
      const spans = await jaeger.spansOf(traceId);
      expect(spans.map(sentence)).toEqual(hops);
      return spans;
    },
    { withinMs: 30_000 },
  );

const triesOf = (spans: readonly JaegerSpan[]) =>
  spans.filter(({ service, name }) => service === 'ticketing' && name.startsWith('process '));

it('an update that was retried twice and then committed is one trace with every hop, found by key and by ticket', async () => {
  const { key, ticketId, traceId } = await retriedTwice('Follow me', 970_001);
  const spans = await complete(traceId, EVERY_HOP);
  const ids = new Set(spans.map(({ spanId }) => spanId));
  expect(spans.filter(({ parent }) => parent === undefined || !ids.has(parent)).map(sentence)).toEqual(
    EVERY_HOP.slice(0, 1),
  );
  const tries = triesOf(spans);
  expect(
    tries.map(({ tags }) => [tags['onceline.outcome'], tags['error.type'] ?? null, tags['onceline.attempt'] ?? 0]),
  ).toEqual([
    ['parked', 'fault-injected', 0],
    ['parked', 'fault-injected', 1],
    ['ticket-opened', null, 2],
  ]);
  // Each is linked to the one before, and says how long it waited.
  expect(tries.slice(1).map(({ follows }, before) => follows.includes(tries[before]!.spanId))).toEqual([true, true]);
  const waits = tries.slice(1).map(({ tags }) => Number(tags['onceline.wait.ms']));
  expect(waits.map((ms, rung) => ms >= LADDER.rungsMs[rung]!)).toEqual([true, true]);

  const searches = [
    { 'onceline.idempotency_key': key },
    { 'onceline.ticket.id': ticketId },
    { 'onceline.idempotency_key': key, 'onceline.outcome': 'parked' },
  ];
  for (const tags of searches) expect([tags, await jaeger.find('ticketing', tags)]).toEqual([tags, [traceId]]);

  const answer = process.env['TRACE_ANSWER'];
  if (answer) writeFileSync(answer, `${JSON.stringify(await jaeger.answerOf(traceId), null, 2)}\n`);
});

it('of an update whose trace was not chosen everything is there from its first failure on, and nothing of one that went well', async () => {
  const well = message(system, 'Went well', 970_002);
  const [wellTrace, traceId] = ['4bf92f3577b34da6a3ce929d0e0e4736', 'a3ce929d0e0e47364bf92f3577b34da6'];
  await send(system, [well], unrecorded(wellTrace));
  expect((await retriedTwice('Failed twice', 970_003, unrecorded(traceId))).traceId).toBe(traceId);
  const spans = await complete(traceId, FROM_THE_FIRST_TRY);
  expect(triesOf(spans).map(({ tags }) => tags['onceline.trace.begins_here'] ?? false)).toEqual([true, false, false]);
  const [entry] = await entriesOf(system, [well.key]);
  expect(entry).toMatchObject({ outcome: 'ticket-opened', traceId: wellTrace });
  expect(await jaeger.spansOf(wellTrace)).toEqual([]);
});
