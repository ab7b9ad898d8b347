import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import type { Session } from '../store/session.js';
import { KEY_BYTES } from './cipher.js';
import type { MasterKeys, WrappedKey } from './master-keys.js';
import type { Person } from '../ticket/person.js';

/** A key of a person, ready for use. */
export interface CustomerKey {
  readonly id: string;
  readonly key: KeyObject;
}

interface CachedKey extends CustomerKey {
  /** As its row has it: after the database was put back to an earlier time, an id may be another key's. */
  readonly wrapped: Buffer;
  /** Milliseconds since the epoch. */
  readonly usedUntil: number;
}

/** So long a key seals what is new: what is older than a retention goes key by key. */
export const KEY_LIFETIME_MS = 7 * 86_400_000;
/** Persons whose keys are held in memory, those first who were asked for last. */
const MAX_CACHED = 20_000;

/** Two instances may each make one for a person: either seals, and both are destroyed with him. */
const CURRENT_OR_NEW = {
  name: 'current-or-new-customer-keys',
  text: `with wanted as (
      select * from unnest($1::text[], $2::text[], $3::bytea[], $4::text[]) as p(bot_id, person_id, wrapped, master_key)),
    found as (
      select k.* from wanted cross join lateral (
        select * from ticketing.customer_keys k where k.bot_id = wanted.bot_id and k.person_id = wanted.person_id
          and k.used_until > $5 order by k.used_until desc, k.key_id desc limit 1) k),
    added as (
      insert into ticketing.customer_keys (bot_id, person_id, wrapped, master_key, used_until)
        select *, $6::timestamptz from wanted where not exists (
          select 1 from found where found.bot_id = wanted.bot_id and found.person_id = wanted.person_id)
        returning *)
    select key_id::text as id, bot_id, person_id, wrapped, master_key, used_until
      from (select * from found union all select * from added) as keys`,
};
const BY_ID = {
  name: 'customer-keys-by-id',
  text: `select key_id::text as id, bot_id, person_id, wrapped, master_key, used_until from ticketing.customer_keys
    where key_id = any($1::bigint[])`,
};

/** A key as it is stored. */
export interface KeyRow {
  readonly id: string;
  readonly bot_id: string;
  readonly person_id: string;
  readonly wrapped: Buffer;
  readonly master_key: string;
  readonly used_until: Date;
}

/** The keys with which the content of each person is sealed. Who destroys one destroys what it sealed. */
export class CustomerKeys {
  /** Keys that seal what is new, by person. */
  private readonly cached = new Map<string, CachedKey>();

  constructor(
    private readonly masterKeys: MasterKeys,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * A key for each of them, made where there is none. One that was held in memory may be destroyed by now: whoever writes with it
   * asks in the same statement whether it is still there, and else {@link forget}s it.
   */
  async toSeal(session: Session, persons: readonly Person[]): Promise<(person: Person) => CustomerKey> {
    const keys = new Map<string, CustomerKey>();
    const missing = new Map<string, Person>();
    for (const person of persons) {
      const key = this.find(person);
      if (key) keys.set(nameOf(person), key);
      else missing.set(nameOf(person), person);
    }
    // Not looked up again afterwards: others forget meanwhile.
    for (const [name, key] of await this.load(session, [...missing.values()])) keys.set(name, key);
    return (person) => {
      const key = keys.get(nameOf(person));
      if (!key) throw new Error('a key that was asked for must be there');
      return key;
    };
  }

  forget(persons: readonly Person[]): void {
    for (const person of persons) this.cached.delete(nameOf(person));
  }

  /** Those that still exist, by id; from the database, so that what is destroyed opens nothing any more. */
  async toOpen(session: Session, ids: readonly string[]): Promise<ReadonlyMap<string, KeyObject>> {
    if (ids.length === 0) return new Map();
    const { rows } = await session.query<KeyRow>(BY_ID, [[...new Set(ids)]]);
    return new Map(rows.map((row) => [row.id, this.heldOrUnwrapped(row)]));
  }

  private find(person: Person): CachedKey | undefined {
    const name = nameOf(person);
    const key = this.cached.get(name);
    if (!key || key.usedUntil <= this.now()) return undefined;
    // Last in the order of the map: it was asked for last.
    this.cached.delete(name);
    this.cached.set(name, key);
    return key;
  }

  /** In one round trip, with a new key in hand for each that has none. */
  private async load(
    session: Session,
    persons: readonly Person[],
  ): Promise<readonly (readonly [string, CustomerKey])[]> {
    if (persons.length === 0) return [];
    const made = persons.map((person) => {
      const key = createSecretKey(randomBytes(KEY_BYTES));
      return { key, ...this.masterKeys.wrap(key, person) };
    });
    const now = this.now();
    const { rows } = await session.query<KeyRow>(CURRENT_OR_NEW, [
      persons.map(({ botId }) => botId),
      persons.map(({ personId }) => personId),
      made.map(({ wrapped }) => wrapped),
      made.map(({ masterKey }) => masterKey),
      new Date(now),
      new Date(now + KEY_LIFETIME_MS),
    ]);
    const ours = new Map(persons.map((person, index) => [nameOf(person), made[index]]));
    const loaded = rows.map((row) => {
      const own = ours.get(nameOf(wrappedOf(row)));
      // Not unwrapped where it is the one that was just made.
      return this.remember(row, own?.wrapped.equals(row.wrapped) ? own.key : this.masterKeys.unwrap(wrappedOf(row)));
    });
    this.evict();
    return loaded;
  }

  private heldOrUnwrapped(row: KeyRow): KeyObject {
    const wrapped = wrappedOf(row);
    const held = this.cached.get(nameOf(wrapped));
    return held?.wrapped.equals(row.wrapped) ? held.key : this.masterKeys.unwrap(wrapped);
  }

  private evict(): void {
    for (const name of this.cached.keys()) {
      if (this.cached.size <= MAX_CACHED) return;
      this.cached.delete(name);
    }
  }

  private remember(row: KeyRow, key: KeyObject): readonly [string, CustomerKey] {
    const name = nameOf(wrappedOf(row));
    const cached = { id: row.id, key, wrapped: row.wrapped, usedUntil: row.used_until.getTime() };
    this.cached.set(name, cached);
    return [name, cached];
  }
}

export function wrappedOf(row: Omit<KeyRow, 'used_until'>): WrappedKey {
  return { botId: row.bot_id, personId: row.person_id, wrapped: row.wrapped, masterKey: row.master_key };
}

function nameOf({ botId, personId }: Person): string {
  return `${botId} ${personId}`;
}
