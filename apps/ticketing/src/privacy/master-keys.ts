import { createSecretKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { decrypt, encrypt, KEY_BYTES } from './cipher.js';
import type { Person } from '../ticket/person.js';

/** A key that keys of persons are wrapped with. */
export interface MasterKey {
  readonly id: string;
  readonly key: Uint8Array;
}

const ID = /^[a-z0-9][a-z0-9-]{0,30}$/;
const FIX =
  'make one with `npm run master-key`, which prints `id:key`; put it first to wrap with it, and keep the old ones behind it';

/** Setting `MASTER_KEYS`: `id:base64[,id:base64…]`, 32 bytes each; the first one wraps. Read it with `secrets: ['MASTER_KEYS']`. */
export const masterKeysSetting = z
  .string()
  .transform((text, context) => {
    const keys = text.split(',').map((part) => keyOf(part.trim()));
    const problem = problemOf(keys);
    if (problem === undefined) return keys.flatMap((key) => key ?? []);
    context.addIssue({ code: 'custom', message: `${problem}; ${FIX}` });
    return z.NEVER;
  })
  .describe(
    'a comma-separated list of id:key with 32 bytes of base64 each, which wrap the keys that the texts and names of customers are sealed with; the first one wraps new keys, all unwrap (`npm run master-key` makes one)',
  );

function keyOf(text: string): MasterKey | undefined {
  const [id = '', base64 = '', ...more] = text.split(':');
  const key = Buffer.from(base64, 'base64');
  // Characters that are no base64 are passed over in reading.
  const isExact = key.toString('base64') === base64 && key.length === KEY_BYTES;
  if (more.length > 0 || !ID.test(id) || !isExact) return undefined;
  return { id, key };
}

function problemOf(keys: readonly (MasterKey | undefined)[]): string | undefined {
  const wrong = keys.findIndex((key) => key === undefined);
  if (wrong >= 0) return `entry ${wrong + 1} is not an id and 32 bytes of base64`;
  const ids = keys.map((key) => key?.id);
  if (new Set(ids).size < ids.length) return 'two entries have the same id';
  return undefined;
}

/** A key of a person as it is stored. */
export interface WrappedKey extends Person {
  readonly wrapped: Buffer;
  readonly masterKey: string;
}

/** Wraps keys of persons with the first master key, and unwraps with all. */
export class MasterKeys {
  readonly firstId: string;
  private readonly byId: ReadonlyMap<string, KeyObject>;

  constructor(keys: readonly MasterKey[]) {
    const [first] = keys;
    if (!first) throw new Error('there must be a master key');
    this.firstId = first.id;
    this.byId = new Map(keys.map(({ id, key }) => [id, createSecretKey(key)]));
  }

  get ids(): readonly string[] {
    return [...this.byId.keys()];
  }

  /** Bound to the person: moved to another one, it cannot be unwrapped. */
  wrap(key: KeyObject, person: Person): Pick<WrappedKey, 'wrapped' | 'masterKey'> {
    const wrapped = encrypt(this.named(this.firstId), key.export(), boundTo(person));
    return { wrapped, masterKey: this.firstId };
  }

  /** @throws Error when its master key is not here any more, or when it was changed */
  unwrap(key: WrappedKey): KeyObject {
    return createSecretKey(decrypt(this.named(key.masterKey), key.wrapped, boundTo(key)));
  }

  private named(id: string): KeyObject {
    const master = this.byId.get(id);
    if (!master) throw new Error(`MASTER_KEYS has no key "${id}", which keys of customers are wrapped with`);
    return master;
  }
}

function boundTo({ botId, personId }: Person): string {
  return `${botId} ${personId}`;
}
