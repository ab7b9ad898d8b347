import type { IncomingHttpHeaders } from 'node:http';
import fc from 'fast-check';
import { ACKNOWLEDGED, answerTo } from './answers.js';
import { BotDirectory } from './authenticate-bot.js';
import {
  MAX_BODY_BYTES,
  REFUSALS,
  botIdOf,
  refuseByAdmission,
  refuseBytes,
  refuseHead,
  type RequestHead,
} from './decide-answer.js';

const bots = new BotDirectory([{ id: '1000001', secrets: ['current', 'previous'] }]);
const telegramHeaders: IncomingHttpHeaders = {
  'x-telegram-bot-api-secret-token': 'current',
  'content-type': 'application/json',
  'content-length': '100',
};
const head = (changes: IncomingHttpHeaders = {}, method = 'POST'): RequestHead => ({
  method,
  url: '/telegram/1000001',
  headers: { ...telegramHeaders, ...changes },
});

describe('the path of a webhook', () => {
  it.each([
    ['/telegram/1000001', '1000001'],
    ['/telegram/1000001?a=b', '1000001'],
    ['/telegram/1000001?', '1000001'],
    ['/telegram/1000001/', '1000001/'],
    ['/telegram/', ''],
    ['/telegram', undefined],
    ['/telegrams/1', undefined],
    ['/', undefined],
    ['*', undefined],
    [undefined, undefined],
  ])('%s names %s', (url, expected) => {
    expect(botIdOf(url)).toBe(expected);
  });
});

describe('the decision on a head', () => {
  it('lets a request of Telegram in, with either secret of a rotation', () => {
    expect(refuseHead('1000001', head(), bots, 'open')).toBeUndefined();
    expect(
      refuseHead('1000001', head({ 'x-telegram-bot-api-secret-token': 'previous' }), bots, 'open'),
    ).toBeUndefined();
  });

  it.each([
    ['an unknown bot', 'unknown-bot', '1', head()],
    ['a bot id with a tail', 'unknown-bot', '1000001/', head()],
    ['GET', 'method-not-allowed', '1000001', head({}, 'GET')],
    ['no secret', 'wrong-secret', '1000001', { ...head(), headers: { 'content-type': 'application/json' } }],
    ['a wrong secret', 'wrong-secret', '1000001', head({ 'x-telegram-bot-api-secret-token': 'old' })],
    ['another type', 'not-json', '1000001', head({ 'content-type': 'text/plain' })],
    ['no type', 'not-json', '1000001', { ...head(), headers: { 'x-telegram-bot-api-secret-token': 'current' } }],
    ['a type that only begins alike', 'not-json', '1000001', head({ 'content-type': 'application/json5' })],
    ['a packed body', 'not-json', '1000001', head({ 'content-encoding': 'gzip' })],
    ['too many bytes announced', 'too-large', '1000001', head({ 'content-length': String(MAX_BODY_BYTES + 1) })],
  ] as const)('refuses %s as %s', (_what, refusal, botId, request) => {
    expect(refuseHead(botId, request, bots, 'open')).toBe(refusal);
  });

  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON ;charset=UTF-8',
    ' application/json',
  ])('takes %j for JSON', (type) => {
    expect(refuseHead('1000001', head({ 'content-type': type }), bots, 'open')).toBeUndefined();
  });

  it('takes exactly 1 MiB and unannounced lengths', () => {
    expect(refuseHead('1000001', head({ 'content-length': String(MAX_BODY_BYTES) }), bots, 'open')).toBeUndefined();
    expect(refuseHead('1000001', head({ 'content-length': undefined }), bots, 'open')).toBeUndefined();
  });

  it('tells only who is authentic that it is full or going away', () => {
    expect(refuseHead('1000001', head(), bots, 'full')).toBe('overloaded');
    expect(refuseHead('1000001', head(), bots, 'draining')).toBe('shutting-down');
    const stranger = head({ 'x-telegram-bot-api-secret-token': 'guess' });
    expect(refuseHead('1000001', stranger, bots, 'full')).toBe('wrong-secret');
    expect(refuseHead('1000001', stranger, bots, 'draining')).toBe('wrong-secret');
  });
});

describe('the decision on arriving bytes', () => {
  it('looks at the size first, then at the memory', () => {
    expect(refuseBytes(MAX_BODY_BYTES, true)).toBeUndefined();
    expect(refuseBytes(MAX_BODY_BYTES + 1, true)).toBe('too-large');
    expect(refuseBytes(MAX_BODY_BYTES + 1, false)).toBe('too-large');
    expect(refuseBytes(1, false)).toBe('overloaded');
  });

  it('asks for a slot at the end', () => {
    expect(refuseByAdmission('open')).toBeUndefined();
    expect(refuseByAdmission('full')).toBe('overloaded');
    expect(refuseByAdmission('draining')).toBe('shutting-down');
  });
});

describe('the answers', () => {
  it('have the status of the table', () => {
    const statuses = Object.fromEntries(REFUSALS.map((refusal) => [refusal, answerTo(refusal, () => 0).status]));
    expect(statuses).toEqual({
      'unknown-bot': 404,
      'method-not-allowed': 405,
      'wrong-secret': 401,
      'not-json': 415,
      'too-large': 413,
      malformed: 400,
      overloaded: 429,
      'broker-unavailable': 503,
      'shutting-down': 503,
      'internal-error': 503,
    });
  });

  it('never trip Telegram: no 1xx, 3xx, 410, no method, an exact length', () => {
    for (const answer of [ACKNOWLEDGED, ...REFUSALS.map((refusal) => answerTo(refusal, () => 0))]) {
      expect(answer.status).toBeGreaterThanOrEqual(200);
      expect(Math.floor(answer.status / 100)).not.toBe(3);
      expect(answer.status).not.toBe(410);
      expect(answer.headers['Content-Length']).toBe(String(Buffer.byteLength(answer.body)));
      if (answer.body !== '') expect(Object.keys(JSON.parse(answer.body) as object)).not.toContain('method');
    }
    expect(ACKNOWLEDGED).toEqual({ status: 200, headers: { 'Content-Length': '0' }, body: '' });
  });

  it('ask to come again after one, two or three whole seconds, and only those that may work then', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (random) => {
        for (const refusal of ['overloaded', 'broker-unavailable', 'shutting-down', 'internal-error'] as const) {
          expect(['1', '2', '3']).toContain(answerTo(refusal, () => random).headers['Retry-After']);
        }
      }),
    );
    expect([0, 0.34, 0.99].map((random) => answerTo('overloaded', () => random).headers['Retry-After'])).toEqual([
      '1',
      '2',
      '3',
    ]);
    expect(answerTo('malformed', () => 0).headers['Retry-After']).toBeUndefined();
  });
});
