import fc from 'fast-check';
import { classifyFailure } from './classify-failure.js';
import { classifyDatabaseFailure } from './database-failure.js';

const coded = (code: string, cause?: unknown) => Object.assign(new Error('some words', { cause }), { code });
const kafka = (code: string) => Object.assign(coded(code), { name: 'KafkaError' });
const fetchFailed = (cause: unknown) => new TypeError('fetch failed', { cause });

describe('classifyFailure', () => {
  it.each([
    ['the database shuts down', coded('57P01'), 'unavailable', '57P01'],
    ['statement timeout', coded('57014'), 'unavailable', '57014'],
    ['connection refused', coded('ECONNREFUSED'), 'unavailable', 'ECONNREFUSED'],
    ['a pipe, which is no SQLSTATE', coded('EPIPE'), 'unavailable', 'EPIPE'],
    ['exhausted pool', new Error('timeout exceeded when trying to connect'), 'unavailable', 'connection-lost'],
    ['both addresses refused', new AggregateError([coded('ECONNREFUSED')]), 'unavailable', 'ECONNREFUSED'],
    ['serialization failure', coded('40001'), 'transient', '40001'],
    ['deadlock', coded('40P01'), 'transient', '40P01'],
    ['a key that another instance took', coded('23505'), 'transient', '23505'],
    ['not-null violation', coded('23502'), 'permanent', '23502'],
    ['text too long', coded('22001'), 'permanent', '22001'],
    ['too complex a statement', coded('54001'), 'permanent', '54001'],
    ['broker away', kafka('unavailable'), 'unavailable', 'unavailable'],
    ['topics as not declared', kafka('topic-mismatch'), 'unavailable', 'topic-mismatch'],
    ['a password that Kafka refuses', kafka('refused'), 'unavailable', 'refused'],
    ['a certificate that ran out', coded('CERT_HAS_EXPIRED'), 'unavailable', 'tls-expired'],
    ['not acknowledged', kafka('delivery-timeout'), 'transient', 'delivery-timeout'],
    ['another owner', kafka('fenced'), 'transient', 'fenced'],
    ['record too large', kafka('record-too-large'), 'permanent', 'record-too-large'],
    ['a gateway', { status: 502 }, 'unavailable', 'http-502'],
    ['a server that is away', { statusCode: 503 }, 'unavailable', 'http-503'],
    ['a fault of the server', { status: 500 }, 'transient', 'http-500'],
    ['too many requests', { status: 429 }, 'transient', 'http-429'],
    ['asked wrongly', { status: 400 }, 'permanent', 'http-400'],
    ['gone', { status: 410 }, 'permanent', 'http-410'],
    ['no answer in time', new DOMException('timed out', 'TimeoutError'), 'transient', 'timeout'],
    ['fetch without a server', fetchFailed(coded('ECONNREFUSED')), 'unavailable', 'ECONNREFUSED'],
    ['fetch cut off', fetchFailed(coded('UND_ERR_SOCKET')), 'unavailable', 'UND_ERR_SOCKET'],
    ['no headers in time', fetchFailed(coded('UND_ERR_HEADERS_TIMEOUT')), 'transient', 'UND_ERR_HEADERS_TIMEOUT'],
    ['under a code that nobody knows', coded('ERR_OURS', coded('57P01')), 'unavailable', '57P01'],
  ] as const)('%s', (_, error, kind, code) => {
    expect(classifyFailure(error)).toEqual({ kind, code, known: true });
  });

  it.each([
    ['a missing table', coded('42P01'), '42P01'],
    ['an internal error of the database', coded('XX000'), 'XX000'],
    ['whatever else Kafka reports', kafka('client'), 'client'],
    ['a code of Kafka on another error', coded('record-too-large'), 'record-too-large'],
    ['a file that is missing', coded('ENOENT'), 'ENOENT'],
    ['the outermost code of two', coded('ERR_OURS', coded('ENOENT')), 'ERR_OURS'],
    ['a defect', new TypeError('x is not a function'), 'unknown'],
    ['no code but a text', coded('he said: hello'), 'unknown'],
    ['a property of every object', coded('constructor'), 'constructor'],
    ['a status that is no failure', { status: 302 }, 'unknown'],
    ['a status that is none', { status: 4040 }, 'unknown'],
    ['a string', 'ECONNREFUSED', 'unknown'],
    ['nothing', undefined, 'unknown'],
    ['null', null, 'unknown'],
  ])('%s: no rule knows it, so it is tried again', (_, error, code) => {
    expect(classifyFailure(error)).toEqual({ kind: 'transient', code, known: false });
  });

  it('ends when causes go in a circle', () => {
    const error = new Error('one');
    error.cause = new Error('other', { cause: error });
    expect(classifyFailure(error).known).toBe(false);
  });

  it('answers with a short code whatever is thrown, and blames the record for nothing that no rule knows', () => {
    fc.assert(
      fc.property(fc.anything(), fc.string({ maxLength: 200 }), (thrown, code) => {
        for (const error of [thrown, coded(code), { ...kafka(code), code }]) {
          const classified = classifyFailure(error);
          expect(classified.code).toMatch(/^[\w.-]{1,64}$/);
          if (!classified.known) expect(classified.kind).toBe('transient');
        }
      }),
    );
  });
});

it('the database part knows nothing of Kafka and HTTP', () => {
  for (const error of [kafka('unavailable'), { status: 503 }, fetchFailed(coded('ECONNREFUSED'))]) {
    expect(classifyDatabaseFailure(error)).toBeUndefined();
  }
});
