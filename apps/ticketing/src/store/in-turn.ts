import { inTransaction } from './in-transaction.js';
import type { Session, WithSession } from './session.js';

/** Whose turn it is to write words to search by. Who destroys keys waits for it, so that no word outlives them. */
export const WORDS_TURN = 'words';

const WAIT = { name: 'wait-for-turn', text: `select pg_advisory_xact_lock(hashtext($1))` };
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

/** Inside a transaction, which may have to wait: until it ends no instance has this turn. */
export async function holdTurn(session: Session, name: string): Promise<void> {
  await session.query(WAIT, [`onceline.ticketing.${name}`]);
}
