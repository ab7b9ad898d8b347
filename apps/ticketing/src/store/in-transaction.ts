import type { Session } from './session.js';

/** Begins, works, commits; what fails leaves nothing behind. */
export async function inTransaction<Result>(
  session: Session,
  work: () => Promise<Result>,
  begin = 'begin',
): Promise<Result> {
  await session.command(begin);
  try {
    const result = await work();
    await session.command('commit');
    return result;
  } catch (error) {
    // The first error says more than that of a rollback that fails too.
    await session.command('rollback').catch(() => session.discard());
    throw error;
  }
}
