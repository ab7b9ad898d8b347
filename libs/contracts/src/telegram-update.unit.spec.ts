import fc from 'fast-check';
import { UPDATE_KINDS, isKnownKind, isMalformed, parseUpdate, updateKindLabel } from './telegram-update.js';

const parse = (text: string) => parseUpdate(Buffer.from(text));

describe('reading an update', () => {
  it('knows 27 kinds, each once', () => {
    expect(new Set(UPDATE_KINDS).size).toBe(27);
    expect(UPDATE_KINDS.every(isKnownKind)).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '{"update_id":1'],
    ['an array', '[{"update_id":1}]'],
    ['null', 'null'],
    ['a number', '1'],
    ['no update_id', '{"message":{}}'],
    ['a text for update_id', '{"update_id":"1"}'],
    ['a fraction', '{"update_id":1.5}'],
    ['a negative number', '{"update_id":-1}'],
    ['a number beyond exact integers', '{"update_id":9007199254740993}'],
  ])('%s is malformed', (_, text) => {
    expect(isMalformed(parse(text))).toBe(true);
  });

  it.each([
    ['{"update_id":0}', { updateId: 0, kind: 'none', payload: {} }],
    ['{"update_id":7,"message":{"a":1}}', { updateId: 7, kind: 'message', payload: { a: 1 } }],
    ['{"update_id":7,"brand_new":[1]}', { updateId: 7, kind: 'brand_new', payload: {} }],
    [
      '{"zeta":{},"update_id":7,"poll":{},"alpha":{}}',
      { updateId: 7, kind: 'poll', payload: {}, otherFields: ['zeta', 'alpha'] },
    ],
    ['{"zeta":{},"update_id":7,"alpha":{}}', { updateId: 7, kind: 'alpha', payload: {}, otherFields: ['zeta'] }],
  ])('%s', (text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(typeof isMalformed(parseUpdate(Buffer.from(bytes)))).toBe('boolean');
      }),
    );
  });

  it('takes any JSON object with an integer update_id', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(), (fields, updateId) => {
        const parsed = parse(JSON.stringify({ ...fields, update_id: updateId }));
        expect(parsed).toMatchObject({ updateId });
      }),
    );
  });
});

describe('the label of a kind', () => {
  it('is the name itself for known kinds and plain names', () => {
    for (const kind of [...UPDATE_KINDS, 'none', 'brand_new']) expect(updateKindLabel(kind)).toBe(kind);
  });

  it('is short, printable and its own for any other', () => {
    // Whole code points only: UTF-8 has no bytes for half a surrogate pair.
    const text = (maxLength: number) => fc.string({ unit: 'binary', maxLength });
    fc.assert(
      fc.property(text(3000), text(20), (one, other) => {
        fc.pre(one !== other);
        expect(updateKindLabel(one)).toMatch(/^[\x21-\x7e]{1,130}$/);
        expect(updateKindLabel(one)).not.toBe(updateKindLabel(other));
      }),
    );
  });
});
