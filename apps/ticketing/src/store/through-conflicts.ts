import { transactionVerdict } from '@onceline/retry-policy';

const MAX_TRIES = 8;

/** Fewer at once after a conflict, so that one ticket in which much happens does not hold up the others. @throws the conflict of the last try */
export async function throughConflicts<Result>(
  atOnce: number,
  work: (most: number) => Promise<Result>,
): Promise<Result> {
  for (let tries = 1, most = atOnce; ; tries += 1, most = Math.ceil(most / 8)) {
    try {
      return await work(most);
    } catch (error) {
      if (transactionVerdict(error) !== 'conflict' || tries === MAX_TRIES) throw error;
    }
  }
}
