/** What is wrong with the topics of a cluster, in sentences that say the fix. */
import type { TopicDeclaration } from '@onceline/contracts';
import type { TopicProblem } from './port.js';

/** The sentence for a topic that is not there. */
export function missingTopic(name: string, partitions?: number): string {
  const size = partitions === undefined ? '' : ` with ${partitions} partitions`;
  return `topic "${name}" is missing: create it${size} (npm run provision creates all that are missing)`;
}

/** Compares declared topics with the partition counts found; topics absent from `counts` are missing. */
export function problemsOf(
  topics: readonly TopicDeclaration[],
  counts: ReadonlyMap<string, number>,
): readonly TopicProblem[] {
  return topics.flatMap(({ name, partitions }) => {
    const count = counts.get(name);
    if (count === undefined) return [{ topic: name, message: missingTopic(name, partitions) }];
    if (count === partitions) return [];
    const message =
      `topic "${name}" has ${count} partitions, declared are ${partitions}: ` +
      `set the declared count to ${count}, or move the data to a new topic; keys change their partition with the count`;
    return [{ topic: name, message }];
  });
}
