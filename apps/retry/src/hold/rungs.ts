import { heldIn, type TopicDeclaration } from '@onceline/contracts';
import type { TopicAdmin } from '@onceline/kafka';

/** A topic whose records wait, and where they go then. */
export interface Rung {
  readonly topic: string;
  readonly delayMs: number;
  readonly redelivery: string;
}

const REDELIVERY = '.redelivery';

/** Every topic that holds, by declaration; each consumer has its own place to come back to. */
export function rungsOf(topics: readonly TopicDeclaration[]): Rung[] {
  return topics.flatMap(({ name, holds }) => (holds === undefined ? [] : [rungOf(name, holds)]));
}

/**
 * The topics that hold for the consumers of these topics, declared or not: what a longer ladder has left behind waits there, and so does
 * what a consumer with other settings than ours sends.
 */
export async function existingRungs(
  admin: Pick<TopicAdmin, 'list'>,
  topics: readonly Pick<TopicDeclaration, 'name'>[],
): Promise<Rung[]> {
  const places = new Set(topics.map(({ name }) => name).filter((name) => name.endsWith(REDELIVERY)));
  const found = (await admin.list()).flatMap((name) => {
    const holds = heldIn(name);
    return holds === undefined ? [] : [rungOf(name, holds)];
  });
  return found.filter(({ redelivery }) => places.has(redelivery));
}

function rungOf(topic: string, { consumer, delayMs }: NonNullable<TopicDeclaration['holds']>): Rung {
  return { topic, delayMs, redelivery: `${consumer}${REDELIVERY}` };
}
