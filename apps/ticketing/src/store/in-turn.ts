import { inTransaction } from './in-transaction.js';
import type { Session, WithSession } from './session.js';

const TURN = { name: 'my-turn', text: `select pg_try_advisory_xact_lock(hashtext($1)) as mine` };

/** A transaction of the one instance whose turn it is; the others have nothing to do, and are told 0. */
export function inTurn(
  withSession: WithSession,
  name: string,
  work: (session: Session) => Promise<number>,
): Promise<number> {
  return withSession((session) =>
    inTransaction(session, async () => {
      const { rows } = await session.query<{ mine: boolean }>(TURN, [`onceline.ticketing.${name}`]);
      return rows[0]?.mine === true ? work(session) : 0;
    }),
  );
}
