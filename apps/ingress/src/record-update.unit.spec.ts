import { HEADERS, TOPICS, isMalformed, parseUpdate } from '@onceline/contracts';
import fc from 'fast-check';
import { malformedRecord, rawRecord } from './record-update.js';

const receivedAt = Date.parse('2026-11-24T17:00:00.123Z');

describe('the raw record', () => {
  it('carries the very bytes, the conversation as key, the bot and the time of receipt', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer(), fc.json(), (updateId, chat, extra) => {
        const bytes = Buffer.from(`{"update_id":${updateId},"message":{"chat":{"id":${chat}},"x":${extra}}}`);
        const update = parseUpdate(bytes);
        if (isMalformed(update)) throw new Error(update.malformed);
        const { topic, record } = rawRecord({ botId: '7', bytes, receivedAt }, update);
        expect(topic).toBe(TOPICS.raw);
        expect(record.value).toBe(bytes);
        expect(record.key).toBe(`7:${chat}`);
        expect(record.timestamp).toBe(receivedAt);
        expect(record.headers).toEqual({ [HEADERS.botId]: '7', [HEADERS.receivedAt]: '2026-11-24T17:00:00.123Z' });
      }),
    );
  });
});

describe('the dead letter', () => {
  it('carries the very bytes and says why', () => {
    const bytes = Buffer.from([0xff, 0x00, 0x7b]);
    const { topic, record } = malformedRecord({ botId: '7', bytes, receivedAt }, { malformed: 'the body is not JSON' });
    expect(topic).toBe(TOPICS.ingressDeadLetter);
    expect(record).toEqual({
      key: null,
      value: bytes,
      timestamp: receivedAt,
      headers: {
        [HEADERS.botId]: '7',
        [HEADERS.receivedAt]: '2026-11-24T17:00:00.123Z',
        [HEADERS.failureKind]: 'permanent',
        [HEADERS.failureCode]: 'malformed-update',
        [HEADERS.failureMessage]: 'the body is not JSON',
      },
    });
  });
});
