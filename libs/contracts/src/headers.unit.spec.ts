import { HEADERS, HEADER_MEANINGS } from './headers.js';

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
