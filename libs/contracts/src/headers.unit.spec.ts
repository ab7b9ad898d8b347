import fc from 'fast-check';
import { HEADERS, HEADER_MEANINGS, readableText } from './headers.js';

describe('headers', () => {
  it('each has one name and one meaning', () => {
    const names = Object.values(HEADERS);
    expect(new Set(names).size).toBe(names.length);
    expect(Object.keys(HEADER_MEANINGS).sort()).toEqual([...names].sort());
    for (const meaning of Object.values(HEADER_MEANINGS)) expect(meaning.length).toBeGreaterThan(10);
  });

  it('are kebab-case, and W3C names are W3C names', () => {
    for (const name of Object.values(HEADERS)) expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect([HEADERS.traceparent, HEADERS.tracestate]).toEqual(['traceparent', 'tracestate']);
  });
});

describe('readable text', () => {
  it('shows where something stood that is no text', () => {
    expect(readableText('a\u0000b \ud83d \ud83d\ude00')).toBe('a\u2400b \uFFFD \ud83d\ude00');
  });

  it('is the text itself where all of it can be read, and never longer', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const readable = readableText(text);
        expect(readable.isWellFormed() && !readable.includes('\u0000')).toBe(true);
        expect(readable.length).toBe(text.length);
        expect(readableText(readable)).toBe(readable);
      }),
    );
  });
});
