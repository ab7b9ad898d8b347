import { randomUUID } from 'node:crypto';
import type { WithSession } from '../store/session.js';
import type { FaultRule } from './fault-rule.js';

/** A fault as an operator asks for it. */
export type WantedFault = Omit<FaultRule, 'id'> & { readonly seconds: number };

/** A fault that is switched on. */
export interface ActiveFault extends FaultRule {
  /** RFC 3339 UTC. */
  readonly expiresAt: string;
}

const ACTIVE = {
  name: 'active-faults',
  text: 'select * from ticketing.faults where expires_at > now() order by created_at, id',
};
const REPLACE = {
  name: 'replace-faults',
  text: `with gone as (delete from ticketing.faults)
    insert into ticketing.faults (id, idempotency_key, conversation, share, kind, times, expires_at)
    select id, idempotency_key, conversation, share, kind, times, now() + make_interval(secs => seconds)
      from unnest($1::text[], $2::text[], $3::text[], $4::float8[], $5::text[], $6::int[], $7::float8[])
        as w(id, idempotency_key, conversation, share, kind, times, seconds)`,
};

interface FaultRow {
  id: string;
  idempotency_key: string | null;
  conversation: string | null;
  share: number | null;
  kind: FaultRule['kind'];
  times: number | null;
  expires_at: Date;
}

/** Faults live in the database, so that every instance obeys from its next batch on, and a restart forgets none. */
export class FaultStore {
  constructor(private readonly withSession: WithSession) {}

  async active(): Promise<ActiveFault[]> {
    const { rows } = await this.withSession((session) => session.query<FaultRow>(ACTIVE, []));
    return rows.map(({ expires_at: expiresAt, ...row }) => ({
      ...toFaultRule(row),
      expiresAt: expiresAt.toISOString(),
    }));
  }

  /** Those and no others from now on. */
  async replace(wanted: readonly WantedFault[]): Promise<ActiveFault[]> {
    const pick = (name: string) => wanted.map(({ match }) => (match as Record<string, unknown>)[name] ?? null);
    await this.withSession((session) =>
      session.query(REPLACE, [
        wanted.map(() => `f_${randomUUID()}`),
        ...[pick('idempotencyKey'), pick('conversation'), pick('share')],
        wanted.map(({ kind }) => kind),
        wanted.map(({ times }) => times),
        wanted.map(({ seconds }) => seconds),
      ]),
    );
    return this.active();
  }
}

export function toFaultRule(row: Omit<FaultRow, 'expires_at'>): FaultRule {
  const { id, idempotency_key: idempotencyKey, conversation, share, kind, times } = row;
  const match =
    idempotencyKey !== null ? { idempotencyKey } : conversation !== null ? { conversation } : { share: share ?? 0 };
  return { id, match, kind, times };
}
