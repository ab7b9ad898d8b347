import { isUnavailable } from '@onceline/postgres';
import { Problem } from '@onceline/service-kit';

/** A database that is away is an answer, not a failure of ours. */
export async function answering<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    throw new Problem(
      503,
      {
        title: 'Service Unavailable',
        detail: 'The database is away.',
        fix: 'Try again in a few seconds.',
        headers: { 'retry-after': '5' },
      },
      { cause: error },
    );
  }
}
