/** What was sealed is opened with its key, for what it belongs to, unchanged, or not at all. */
import { createSecretKey, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { decrypt, encrypt } from './cipher.js';
import { MasterKeys } from './master-keys.js';

const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => createSecretKey(bytes));

function almost(secret: KeyObject): KeyObject {
  return createSecretKey(Uint8Array.from(secret.export(), (byte, index) => (index === 0 ? byte ^ 1 : byte)));
}

it('is what it was', () => {
  fc.assert(
    fc.property(key, fc.uint8Array(), fc.string(), (secret, plain, bound) => {
      expect(decrypt(secret, encrypt(secret, plain, bound), bound)).toEqual(Buffer.from(plain));
    }),
  );
});

it('is refused with another key, for something else, and with any byte changed', () => {
  fc.assert(
    fc.property(key, fc.uint8Array({ minLength: 1 }), fc.nat(), (secret, plain, at) => {
      const sealed = encrypt(secret, plain, 't.1');
      expect(() => decrypt(almost(secret), sealed, 't.1')).toThrow();
      expect(() => decrypt(secret, sealed, 't.2')).toThrow();
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(at % changed.length) ^ 1, at % changed.length);
      expect(() => decrypt(secret, changed, 't.1')).toThrow();
    }),
  );
});

it('never takes a nonce twice', () => {
  const secret = createSecretKey(Buffer.alloc(32, 1));
  const nonces = Array.from({ length: 5000 }, () => encrypt(secret, Buffer.alloc(0), 't.1').toString('hex', 0, 12));
  expect(new Set(nonces).size).toBe(nonces.length);
});

describe('master keys', () => {
  const [older, newer] = [
    { id: 'older', key: Buffer.alloc(32, 1) },
    { id: 'newer', key: Buffer.alloc(32, 2) },
  ];
  const person = { botId: '7', personId: '42' };
  const secret = createSecretKey(Buffer.alloc(32, 9));

  it('the first one wraps, all unwrap', () => {
    const wrapped = new MasterKeys([older]).wrap(secret, person);
    const both = new MasterKeys([newer, older]);
    expect(both.unwrap({ ...person, ...wrapped }).equals(secret)).toBe(true);
    expect(both.wrap(secret, person).masterKey).toBe('newer');
    expect(() => new MasterKeys([newer]).unwrap({ ...person, ...wrapped })).toThrow('MASTER_KEYS has no key "older"');
  });

  it('a key that was moved to another person is refused', () => {
    const keys = new MasterKeys([newer]);
    expect(() => keys.unwrap({ botId: '7', personId: '43', ...keys.wrap(secret, person) })).toThrow();
  });
});
