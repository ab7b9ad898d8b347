import fc from 'fast-check';

import { parseResponse } from './http-response.js';

const parse = (...lines: string[]) => parseResponse(Buffer.from(lines.join('\r\n'), 'latin1'));
const ok = 'HTTP/1.1 200 OK';

describe('an answer', () => {
  it('is taken with its status, Retry-After and exact length', () => {
    const text = 'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\ncontent-length: 3\r\n\r\nabcNEXT';
    expect(parseResponse(Buffer.from(text))).toEqual({
      state: 'complete',
      response: { status: 503, reason: 'Service Unavailable', retryAfter: 2, keepAlive: true },
      consumed: text.length - 4,
    });
  });

  it('is incomplete at every earlier byte, whatever its framing', () => {
    const texts = [
      `${ok}\r\nContent-Length: 5\r\n\r\nhello`,
      `${ok}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`,
    ];
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.nat(), (text, cut) => {
        const bytes = Buffer.from(text);
        expect(parseResponse(bytes.subarray(0, cut % bytes.length)).state).toBe('incomplete');
        expect(parseResponse(bytes)).toMatchObject({ state: 'complete', consumed: bytes.length });
      }),
    );
  });

  it.each([
    ['HTTP/1.1', undefined, true],
    ['HTTP/1.1', 'close', false],
    ['HTTP/1.1', 'Close', false],
    ['HTTP/1.0', undefined, false],
    ['HTTP/1.0', 'keep-alive', true],
  ])('of %s with Connection: %s keeps the connection: %s', (version, connection, keepAlive) => {
    const headers = connection === undefined ? [] : [`Connection: ${connection}`];
    expect(parse(`${version} 200 OK`, ...headers, 'Content-Length: 0', '', '')).toMatchObject({
      response: { keepAlive },
    });
  });
});

describe('framing traps', () => {
  const big = 'x'.repeat(1024 * 1024 + 1);
  it.each([
    [
      'JSON above 1 MiB',
      [ok, 'Content-Type: application/json', `Content-Length: ${big.length}`, '', big],
      'too many parameters',
    ],
    [
      'a form above 1 MiB',
      [ok, 'Content-Type: application/x-www-form-urlencoded', `Content-Length: ${big.length}`, '', big],
      'too many parameters',
    ],
    [
      'multipart without a part',
      [ok, 'Content-Type: multipart/form-data; boundary=b', 'Content-Length: 5', '', '--b--'],
      'unexpected end of request content',
    ],
    [
      'multipart without a boundary',
      [ok, 'Content-Type: multipart/form-data', 'Content-Length: 5', '', '--b--'],
      'boundary not found',
    ],
    ['brotli', [ok, 'Content-Encoding: br', 'Content-Length: 5', '', 'hello'], 'unsupported content-encoding'],
    ['another transfer encoding', [ok, 'Transfer-Encoding: gzip', '', 'hello'], 'unsupported transfer-encoding'],
    ['a head above 256 KiB', [ok, `X: ${'y'.repeat(256 * 1024)}`], 'header block too large'],
    ['HTTP/2', ['HTTP/2 200', '', ''], 'no HTTP/1.x status line'],
    ['a chunk size that is none', [ok, 'Transfer-Encoding: chunked', '', 'zz', ''], 'malformed chunk'],
  ])('%s is a failure in spite of its 200', (_, lines, reason) => {
    expect(parse(...lines)).toEqual({ state: 'broken', reason });
  });

  it.each([
    ['JSON that is none', [ok, 'Content-Type: application/json', 'Content-Length: 3', '', '{"x']],
    ['text above 1 MiB', [ok, 'Content-Type: text/plain', `Content-Length: ${big.length}`, '', big]],
    ['gzip', [ok, 'Content-Encoding: gzip', 'Content-Length: 5', '', 'hello']],
    [
      'multipart with a part',
      [
        ok,
        'Content-Type: multipart/form-data; boundary=b',
        'Content-Length: 29',
        '',
        '--b\r\nA: b\r\n\r\nvalue\r\n--b--    ',
      ],
    ],
  ])('%s is a success', (_, lines) => {
    expect(parse(...lines)).toMatchObject({ state: 'complete', response: { status: 200 } });
  });

  it('takes a body without Content-Length for the next answer', () => {
    expect(parse(ok, 'Content-Type: text/plain', '', 'OK')).toMatchObject({
      state: 'complete',
      consumed: parseInput(ok, 'Content-Type: text/plain', '', ''),
    });
  });

  it('loses the first header line after a status line without a final blank', () => {
    const answer = parse('HTTP/1.1 200', 'Content-Length: 2', '', 'OK');
    expect(answer).toMatchObject({
      state: 'complete',
      response: { status: 200 },
      consumed: parseInput('HTTP/1.1 200', 'Content-Length: 2', '', ''),
    });
  });
});

const parseInput = (...lines: string[]): number => lines.join('\r\n').length;
