/**
 * Makes kafkajs wait before it joins its group. It waits by itself only for running `eachBatch` calls, and ours end at once.
 *
 * An assigner is the only public way to a consumer's cluster object, and looking for the coordinator is the first step of every join.
 */
import kafkajs from 'kafkajs';
import type { PartitionAssigner } from 'kafkajs';

/**
 * kafkajs's own assigner, and each join waits for `letGo`: no partition moves while its records are handled. Bounded: whoever does not
 * join in time is thrown out of the group. What its handler settles later is refused or fenced, and comes again.
 */
export function patientAssigner(letGo: () => Promise<void>, limitMs: number): PartitionAssigner {
  return (config) => {
    const { cluster } = config;
    const findGroupCoordinator = cluster.findGroupCoordinator.bind(cluster);
    cluster.findGroupCoordinator = async (group) => {
      await atMost(limitMs, letGo());
      return findGroupCoordinator(group);
    };
    return kafkajs.PartitionAssigners.roundRobin(config);
  };
}

async function atMost(limitMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}
