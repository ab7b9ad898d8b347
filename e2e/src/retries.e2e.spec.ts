import { HEADERS, TOPICS } from '@onceline/contracts';
import { System } from '@onceline/tools';
import { eventually, startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from '@onceline/testing';
import { expectBalanced } from './books.js';
import {
  chatter,
  entriesOf,
  expectNeverEarly,
  ladderEnvironment,
  makeFail,
  message,
  order,
  parkedHeads,
  returns,
  rungTopics,
  send,
  settled,
  ticketOf,
} from './retrying.js';

const LADDER = { rungsMs: [500, 1000], tries: 4 };
/** One wait after each try but the last one. */
const WHOLE_LADDER_MS = 500 + 1000 + 1000;

let system: System;
let receiver: OtlpReceiver;
beforeAll(async () => {
  receiver = await startOtlpReceiver();
  const environment = { ...ladderEnvironment(LADDER), OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint };
  system = await System.start({ environment });
});
afterAll(async () => {
  await system.stop();
  await receiver.close();
});

const texts = (...names: string[]) => names;

describe('an update that fails', () => {
  afterEach(async () => {
    await makeFail(system, []);
    await expectBalanced(system);
  });

  it('once, succeeds at the first rung; its conversation waits in order, and others flow', async () => {
    const chat = 910_001;
    const written = texts('one', 'two', 'three', 'four', 'five').map((text) => message(system, text, chat));
    const failing = written[1]!;
    const others = [message(system, 'not held up', 910_002)];
    await makeFail(system, [{ match: { idempotencyKey: failing.key }, kind: 'transient', times: 1 }]);
    await send(system, written);
    await send(system, others);
    const [neighbour] = await settled(system, [others[0]!.key]);
    expect(neighbour).toMatchObject({ outcome: 'ticket-opened', attempts: 1 });
    const entries = await settled(
      system,
      written.map(({ key }) => key),
    );
    expect(entries.map(({ attempts }) => attempts)).toEqual([1, 2, 1, 1, 1]);
    const { texts: kept, missing } = await ticketOf(system, entries[0]?.ticketId);
    expect([kept, missing]).toEqual([['one', 'two', 'three', 'four', 'five'], []]);
    const back = (await expectNeverEarly(system, LADDER)).filter(({ key }) => key === failing.key);
    expect(back.map(({ attempt }) => attempt)).toEqual([1]);
  });

  it('always, is a dead letter after all its tries, never before the whole ladder; the rest goes on past the gap', async () => {
    const written = texts('before', 'never', 'after').map((text) => message(system, text, 920_001));
    const keys = written.map(({ key }) => key);
    const failing = keys[1]!;
    await makeFail(system, [{ match: { idempotencyKey: failing }, kind: 'transient' }]);
    await send(system, written);
    const [before, dead, after] = await settled(system, keys);
    expect(dead).toMatchObject({ outcome: 'dead-lettered', reason: 'fault-injected', attempts: LADDER.tries });
    expect([before?.attempts, after?.attempts]).toEqual([1, 1]);
    expect(await ticketOf(system, before?.ticketId)).toEqual({ texts: ['before', 'after'], missing: [failing] });

    const back = (await expectNeverEarly(system, LADDER)).filter(({ key }) => key === failing);
    expect(back.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    const letters = await eventually(async () => {
      const found = (await system.recordsOf(TOPICS.ticketingDeadLetter)).filter(
        ({ headers }) => headers[HEADERS.idempotencyKey] === failing,
      );
      expect(found).toHaveLength(1);
      return found;
    });
    const [{ headers, timestamp }] = letters as [(typeof letters)[number]];
    expect(headers[HEADERS.attempt]).toBe(String(LADDER.tries));
    expect(timestamp - Date.parse(headers[HEADERS.firstFailedAt] ?? '')).toBeGreaterThanOrEqual(WHOLE_LADDER_MS);
  });

  it('for good in the middle of a batch of 500, dies alone and at once', async () => {
    const chats = Array.from({ length: 50 }, (_, index) => 930_000 + index);
    // All of it lies there when ticketing comes: one batch.
    await system.service('ticketing').kill();
    const first = await chatter(system, chats.slice(0, 25), 10);
    const poison = message(system, 'poison', chats[10]!);
    const unreadable = { ...poison, body: poison.body.replace('"date":', '"date":"soon","was":') };
    await send(system, [unreadable]);
    const second = await chatter(system, chats, 5);
    await system.service('ticketing').start();
    const entries = await settled(system, [...first, ...second]);
    expect(entries.filter(({ outcome }) => !/^(ticket-opened|message-appended)$/.test(outcome ?? ''))).toEqual([]);
    expect([entries.length, Math.max(...entries.map(({ attempts }) => attempts))]).toEqual([500, 1]);
    const [dead] = await settled(system, [poison.key]);
    expect(dead).toMatchObject({ outcome: 'dead-lettered', reason: 'unreadable-message', attempts: 1 });
    expect((await returns(system)).filter(({ key }) => key === poison.key)).toEqual([]);
  });
});

const TRACE_ID = 'a3ce929d0e0e47364bf92f3577b34da6';

describe('one trace id', () => {
  it('goes from the webhook through retries, dead letter and redrive to the commit', async () => {
    const followed = message(system, 'Follow me', 950_001);
    await makeFail(system, [{ match: { idempotencyKey: followed.key }, kind: 'transient' }]);
    await send(system, [followed], { traceparent: `00-${TRACE_ID}-00f067aa0ba902b7-01` });
    await settled(system, [followed.key]);
    await makeFail(system, []);
    await redriveDeadLetterOf(followed.key);

    const [entry] = await eventually(async () => {
      const found = await entriesOf(system, [followed.key]);
      expect(found[0]?.outcome).toBe('ticket-opened');
      return found;
    });
    expect(entry).toMatchObject({ traceId: TRACE_ID, redriveCount: 1 });
    const tries = await eventually(() => {
      const found = triesIn(receiver.spans());
      expect(found).toHaveLength(LADDER.tries + 1);
      return found;
    });
    expect(tries.map(({ attributes }) => attributes['onceline.outcome'])).toEqual([
      ...Array.from({ length: LADDER.tries - 1 }, () => 'parked'),
      'dead-lettered',
      'ticket-opened',
    ]);
    // Each is linked to the one before, and to its batch, which has a trace of its own.
    const before = tries.slice(1).map(({ links }) => links.find(({ traceId }) => traceId === TRACE_ID)?.spanId);
    expect(before).toEqual(tries.slice(0, -1).map(({ spanId }) => spanId));
    await expectOneTrace(followed.key);
    await expectBalanced(system);
  });
});

/** In the order of the chain, which they came in. */
function triesIn(spans: readonly ReceivedSpan[]): ReceivedSpan[] {
  const names = [`process ${TOPICS.unique}`, `process ${TOPICS.ticketingRedelivery}`];
  return spans.filter(
    ({ traceId, service, name }) => traceId === TRACE_ID && service === 'ticketing' && names.includes(name),
  );
}

async function redriveDeadLetterOf(key: string): Promise<void> {
  const { retry, tokens } = system.access();
  const response = () =>
    fetch(`${retry}/v1/dead-letters?status=open`, { headers: { authorization: `Bearer ${tokens.viewer}` } });
  const id = await eventually(async () => {
    const { items } = (await (await response()).json()) as { items: Record<string, string>[] };
    const found = items.find(({ idempotencyKey }) => idempotencyKey === key);
    expect(found?.['traceId']).toBe(TRACE_ID);
    return found!['id'];
  });
  await order(retry ?? '', tokens.admin, 'POST', '/v1/redrives', { id, reason: 'the fault is off', canary: [] });
}

async function expectOneTrace(key: string): Promise<void> {
  const topics = [
    TOPICS.unique,
    ...rungTopics(LADDER),
    TOPICS.ticketingRedelivery,
    TOPICS.ticketingDeadLetter,
    TOPICS.ticketEvents,
  ];
  for (const topic of topics) {
    const mine = (await system.recordsOf(topic)).filter(
      ({ headers }) => headers[HEADERS.idempotencyKey] === key || headers[HEADERS.traceparent]?.includes(TRACE_ID),
    );
    const ids = new Set(mine.map(({ headers }) => headers[HEADERS.traceparent]?.split('-')[1]));
    expect([topic, [...ids]]).toEqual([topic, [TRACE_ID]]);
  }
}

describe('records that nobody of us wrote', () => {
  it('change nothing, whatever their headers say', async () => {
    const chat = 940_001;
    const bot = system.access().bots[0]?.id;
    const [done, waiting, next] = texts('done', 'waits', 'next').map((text) => message(system, text, chat));
    await send(system, [done!]);
    const [before] = await settled(system, [done!.key]);
    await makeFail(system, [{ match: { idempotencyKey: waiting!.key }, kind: 'transient', times: 3 }]);
    await send(system, [waiting!]);
    await eventually(async () => expect(await parkedHeads(system)).toEqual([waiting!.key]));

    const stranger = { [HEADERS.botId]: String(bot), [HEADERS.idempotencyKey]: waiting!.key, garbage: 'yes' };
    const key = `${bot}:${chat}`;
    const garbage = [
      ...garbageRecords(key, String(bot), done!),
      // Who writes the very update with absurd numbers spends one of its tries at most, and not before its time.
      {
        key,
        value: Buffer.from(waiting!.body),
        headers: { ...stranger, [HEADERS.attempt]: 'x', [HEADERS.dueAt]: '5' },
      },
    ];
    const topics = [...rungTopics(LADDER), TOPICS.ticketingRedelivery];
    for (const topic of topics) {
      const named = garbage.map((it, i) => ({ ...it, headers: { ...it.headers, garbage: `${topic}/${i}` } }));
      await system.write(topic, named);
    }
    const [retried] = await settled(system, [waiting!.key]);
    expect(retried).toMatchObject({ outcome: 'message-appended', attempts: 4 });
    await eventually(async () => {
      const names = (await system.recordsOf(TOPICS.ticketingRedelivery)).map(({ headers }) => headers['garbage']);
      // Each of them; what was held is sent on at least once.
      expect(new Set(names.filter((name) => name !== undefined)).size).toBe(garbage.length * topics.length);
    });

    // The same partition is read in order: who comes back now came after all of it.
    await makeFail(system, [{ match: { idempotencyKey: next!.key }, kind: 'transient', times: 1 }]);
    await send(system, [next!]);
    await settled(system, [next!.key]);
    expect(await entriesOf(system, [done!.key])).toEqual([before]);
    expect((await ticketOf(system, before?.ticketId)).texts).toEqual(['done', 'waits', 'next']);
    await expectBalanced(system);
  });
});

interface Garbage {
  readonly key: string;
  readonly value: Buffer | null;
  readonly headers: Record<string, string>;
}

function garbageRecords(
  key: string,
  botId: string,
  { key: settledKey, body }: { key: string; body: string },
): Garbage[] {
  const real = { [HEADERS.botId]: botId, [HEADERS.idempotencyKey]: settledKey };
  const headers: Record<string, string>[] = [
    {},
    { [HEADERS.attempt]: 'many', [HEADERS.dueAt]: 'never' },
    { ...real, [HEADERS.attempt]: '1', [HEADERS.dueAt]: '0' },
    { ...real, [HEADERS.attempt]: '-1', [HEADERS.dueAt]: '-1', [HEADERS.retriedAt]: '1e99' },
    { ...real, [HEADERS.attempt]: '99999999999999999999', [HEADERS.dueAt]: '999999999999999' },
    { ...real, [HEADERS.dueAt]: '\u0000', [HEADERS.firstFailedAt]: 'x'.repeat(10_000) },
    { ...real, [HEADERS.attempt]: '0', [HEADERS.redriveId]: 'forged', [HEADERS.redriveCount]: 'NaN' },
    { ...real, [HEADERS.idempotencyKey]: `${settledKey}0`, [HEADERS.attempt]: '1' },
    { ...real, [HEADERS.originTopic]: 'nowhere', [HEADERS.originOffset]: '-5', [HEADERS.consumer]: 'dedupe' },
    { ...real, [HEADERS.traceparent]: 'ff-zz', [HEADERS.previousTraceparent]: '\ud7ff', [HEADERS.conversation]: '' },
  ];
  const values = [Buffer.from(body), Buffer.from('{"update_id":'), null];
  return headers.flatMap((each) => values.map((value) => ({ key, value, headers: { ...each, garbage: 'yes' } })));
}
