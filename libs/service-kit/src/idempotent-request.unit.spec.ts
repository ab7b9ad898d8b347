import { actorOf } from './actor.js';
import { apiTokensSetting, hashToken } from './api-tokens.js';
import { firstAnswer, idempotentRequest, requestHash } from './idempotent-request.js';

const tokens = apiTokensSetting.parse(
  [`viewer:${hashToken('admin')}`, `admin:${hashToken('admin')}`, `agent:${hashToken('ada')}:ada.lovelace`].join(','),
);

describe('the holder of a token', () => {
  it('goes by its name', () => {
    expect(actorOf('Bearer ada', tokens)).toBe('ada.lovelace');
  });

  it('without one is named by role and the beginning of the hash, never by the token', () => {
    expect(actorOf('Bearer admin', tokens)).toBe(`admin:${hashToken('admin').slice(0, 8)}`);
    expect(actorOf('Bearer somebody', tokens)).toMatch(/^nobody:/);
    expect(actorOf(undefined, tokens)).toMatch(/^nobody:/);
  });

  it.each(['agent:abc', `agent:${hashToken('a')}:Ada`, `agent:${hashToken('a')}:`, `cook:${hashToken('a')}`])(
    'cannot be set as %s',
    (text) => {
      expect(apiTokensSetting.safeParse(text).success).toBe(false);
    },
  );
});

describe('a request that may come twice', () => {
  const request = (body: unknown, key = 'k1') =>
    idempotentRequest(tokens, 'notes', { headers: { 'idempotency-key': key, authorization: 'Bearer ada' }, body });

  it('is the same one when route and body are', () => {
    expect(requestHash(request({ text: 'a' }, 'k2'))).toBe(requestHash(request({ text: 'a' })));
    expect(requestHash(request({ text: 'b' }))).not.toBe(requestHash(request({ text: 'a' })));
    expect(request(undefined)).toEqual({ key: 'k1', actor: 'ada.lovelace', route: 'notes', body: undefined });
  });

  it('gets its first answer, and another one under its key none', () => {
    const hash = requestHash(request({ text: 'a' }));
    expect(firstAnswer({ hash, answer: 7 }, hash)).toBe(7);
    expect(() => firstAnswer({ hash: 'other', answer: 7 }, hash)).toThrow('another request');
  });

  it.each(['', 'a b', 'x'.repeat(256), 'é'])('cannot have the key "%s"', (key) => {
    expect(() => request({}, key)).toThrow('headers.idempotency-key');
  });
});
