import { HEADERS } from '@onceline/contracts';
import fc from 'fast-check';
import {
  FAILURE_CLASSES,
  FAILURE_HEADER_NAMES,
  FAILURE_LIMITS,
  readFailureHeaders,
  type FailureHeaders,
} from './failure-headers.js';
import { DEAD_LETTER_REASONS, FAILURE_KINDS } from './next-hop.js';

const NOW = Date.UTC(2026, 0, 2);
const read = (headers: Record<string, string>, now = NOW) => readFailureHeaders(headers, now);

/** As a consumer of ours writes them. */
const OURS = {
  'idempotency-key': 'tg1:7:message:42:1:1',
  'bot-id': '7',
  conversation: '7:-100/t3/c42',
  'failure-kind': 'transient',
  'failure-code': 'write-conflict',
  'failure-message': 'other writers kept getting in the way',
  'failure-class': 'pipeline',
  'handler-version': '0.1.0',
  'dead-letter-reason': 'too-old',
  attempt: '3',
  'first-failed-at': '2026-01-01T00:00:00.000Z',
  'retried-at': String(NOW - 1000),
  'due-at': String(NOW + 3_600_000),
  'origin-topic': 'telegram.updates.unique',
  'origin-partition': '3',
  'origin-offset': '17',
  'origin-timestamp': String(NOW - 5000),
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  'redrive-id': 'r-1',
  'redrive-count': '2',
};

it('takes what a consumer of ours writes as it is', () => {
  expect(read(OURS)).toEqual({
    idempotencyKey: 'tg1:7:message:42:1:1',
    botId: '7',
    conversation: '7:-100/t3/c42',
    kind: 'transient',
    code: 'write-conflict',
    message: 'other writers kept getting in the way',
    class: 'pipeline',
    handlerVersion: '0.1.0',
    deadLetterReason: 'too-old',
    attempt: 3,
    firstFailedAt: Date.UTC(2026, 0, 1),
    retriedAt: NOW - 1000,
    dueAt: NOW + 3_600_000,
    origin: { topic: 'telegram.updates.unique', partition: 3, offset: 17, timestamp: NOW - 5000 },
    traceId: '0af7651916cd43dd8448eb211c80319c',
    redriveId: 'r-1',
    redriveCount: 2,
    distrusted: [],
  });
  expect(Object.keys(OURS).sort()).toEqual([...FAILURE_HEADER_NAMES].sort());
});

it('reads nothing out of nothing, and distrusts nothing there', () => {
  const { distrusted, ...rest } = read({});
  expect(distrusted).toEqual([]);
  expect(Object.values(rest).every((value) => value === undefined)).toBe(true);
});

it.each<[string, string, Partial<FailureHeaders>]>([
  ['attempt', '1e3', { attempt: undefined }],
  ['attempt', '-3', { attempt: undefined }],
  ['attempt', '', { attempt: undefined }],
  ['attempt', '٣', { attempt: undefined }],
  ['attempt', '1001', { attempt: 1000 }],
  ['attempt', '9'.repeat(400), { attempt: 1000 }],
  ['redrive-count', '99999999999999999999', { redriveCount: 1000 }],
  ['failure-kind', 'cosmic', { kind: undefined }],
  ['failure-kind', 'constructor', { kind: undefined }],
  ['failure-class', 'nobody', { class: undefined }],
  ['dead-letter-reason', 'bored', { deadLetterReason: undefined }],
  ['failure-message', 'x'.repeat(1025), { message: 'x'.repeat(1024) }],
  ['failure-message', `${'x'.repeat(1023)}😀`, { message: `${'x'.repeat(1023)}\uFFFD` }],
  ['failure-code', 'a\u0000b', { code: 'a\u2400b' }],
  ['idempotency-key', 'k'.repeat(1025), { idempotencyKey: undefined }],
  ['idempotency-key', 'ä'.repeat(513), { idempotencyKey: undefined }],
  ['redrive-id', '\u0000', { redriveId: undefined }],
  ['first-failed-at', 'yesterday', { firstFailedAt: undefined }],
  ['first-failed-at', '1', { firstFailedAt: undefined }],
  ['first-failed-at', '2026-01-99T00:00:00Z', { firstFailedAt: undefined }],
  ['first-failed-at', '2026-01-03T00:00:01.000Z', { firstFailedAt: undefined }],
  ['retried-at', String(NOW / 1000), { retriedAt: undefined }],
  ['retried-at', String(NOW + 86_400_001), { retriedAt: undefined }],
  ['due-at', 'soon', { dueAt: undefined }],
  ['due-at', '0', { dueAt: FAILURE_LIMITS.earliestMs }],
  ['due-at', '9'.repeat(40), { dueAt: FAILURE_LIMITS.latestMs }],
  ['origin-topic', 'no topic', { origin: undefined }],
  ['origin-partition', '4294967296', { origin: undefined }],
  ['origin-offset', '-1', { origin: undefined }],
  ['traceparent', 'not-a-trace', { traceId: undefined }],
])('%s: %j is not taken as it came, is named, and leaves the others alone', (name, value, instead) => {
  const expected = { ...read(OURS), ...instead, distrusted: [name] };
  expect(read({ ...OURS, [name]: value })).toEqual(expected);
});

it('a part of an origin is none, and nothing to distrust', () => {
  const headers = Object.entries(OURS).filter(([name]) => name !== 'origin-offset');
  expect(read(Object.fromEntries(headers))).toMatchObject({ origin: undefined, distrusted: [] });
});

describe('whatever bytes the headers hold', () => {
  const bytes = fc.uint8Array({ maxLength: 3000 }).map((array) => Buffer.from(array).toString('utf8'));
  const anyText = fc.oneof(
    bytes,
    fc.string({ unit: 'binary', maxLength: 3000 }),
    fc.bigInt().map(String),
    fc.double().map(String),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    fc.constantFrom(...Object.values(OURS)),
  );
  const anyHeaders = fc.dictionary(fc.oneof(fc.constantFrom(...Object.values(HEADERS)), anyText), anyText);
  const anyNow = fc.oneof(fc.constant(NOW), fc.integer(), fc.double());

  it('it never throws, and what it answers lies within its bounds', () => {
    fc.assert(
      fc.property(anyHeaders, anyNow, (headers, now) => expectWithinBounds(read(headers, now), now)),
      { numRuns: 2000 },
    );
  });

  it('what is not named was taken as it came, and what is named was there', () => {
    fc.assert(
      fc.property(anyHeaders, (headers) => {
        const found = read(headers);
        for (const name of found.distrusted) expect(headers[name]).toBeDefined();
        expect(new Set(found.distrusted).size).toBe(found.distrusted.length);
        for (const name of found.distrusted) expect(FAILURE_HEADER_NAMES).toContain(name);
        for (const [name, value] of textsOf(found)) {
          const isMissing = headers[name] === undefined || headers[name] === '';
          if (!isMissing && !found.distrusted.includes(name)) expect(value).toBe(headers[name]);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

const textsOf = (found: FailureHeaders) =>
  [
    [HEADERS.idempotencyKey, found.idempotencyKey],
    [HEADERS.botId, found.botId],
    [HEADERS.conversation, found.conversation],
    [HEADERS.failureKind, found.kind],
    [HEADERS.failureCode, found.code],
    [HEADERS.failureMessage, found.message],
    [HEADERS.failureClass, found.class],
    [HEADERS.handlerVersion, found.handlerVersion],
    [HEADERS.deadLetterReason, found.deadLetterReason],
    [HEADERS.redriveId, found.redriveId],
  ] as const;

function expectWithinBounds(found: FailureHeaders, now: number): void {
  const limits = FAILURE_LIMITS;
  const isNothingOr = <Value>(value: Value | undefined, test: (value: Value) => boolean) =>
    expect([value, value === undefined || test(value)]).toEqual([value, true]);
  const upTo = (longest: number) => (text: string) => text !== '' && text.length <= longest;
  const upToBytes = (longest: number) => (text: string) => text !== '' && Buffer.byteLength(text) <= longest;
  const wholeUpTo = (most: number) => (count: number) => Number.isSafeInteger(count) && count >= 0 && count <= most;
  const timeUpTo = (most: number) => (time: number) => wholeUpTo(most)(time) && time >= limits.earliestMs;
  for (const [, text] of textsOf(found)) isNothingOr<string>(text, (it) => it.isWellFormed() && !it.includes('\u0000'));
  isNothingOr(found.idempotencyKey, upToBytes(limits.idempotencyKeyBytes));
  isNothingOr(found.redriveId, upToBytes(limits.redriveIdBytes));
  isNothingOr(found.botId, upTo(limits.botId));
  isNothingOr(found.conversation, upTo(limits.conversation));
  isNothingOr(found.code, upTo(limits.code));
  isNothingOr(found.message, upTo(limits.message));
  isNothingOr(found.handlerVersion, upTo(limits.handlerVersion));
  isNothingOr(found.kind, (kind) => FAILURE_KINDS.includes(kind));
  isNothingOr(found.class, (one) => FAILURE_CLASSES.includes(one));
  isNothingOr(found.deadLetterReason, (reason) => DEAD_LETTER_REASONS.includes(reason));
  isNothingOr(found.attempt, wholeUpTo(limits.attempts));
  isNothingOr(found.redriveCount, wholeUpTo(limits.redrives));
  isNothingOr(found.firstFailedAt, timeUpTo(now + limits.clockSlackMs));
  isNothingOr(found.retriedAt, timeUpTo(now + limits.clockSlackMs));
  isNothingOr(found.dueAt, timeUpTo(limits.latestMs));
  isNothingOr(found.traceId, (id) => /^[\da-f]{32}$/.test(id));
  isNothingOr(found.origin, ({ topic, partition, offset, timestamp }) => {
    const numbers = [partition, offset, timestamp].every(wholeUpTo(Number.MAX_SAFE_INTEGER));
    return numbers && upTo(249)(topic);
  });
}
