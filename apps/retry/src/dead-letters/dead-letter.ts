import type { FailureClass } from '@onceline/retry-policy';

/** Where a dead letter stands. Only an open one can be redriven or discarded. */
export const STATUSES = ['open', 'redriving', 'redriven', 'failed-again', 'discarded'] as const;
export type DeadLetterStatus = (typeof STATUSES)[number];

/** Where a redrive stands as a whole, and where each of its records does. */
export const REDRIVE_STATES = ['running', 'stopped', 'cancelled', 'finished'] as const;
export const ITEM_STATES = ['claimed', 'sent', 'redriven', 'failed-again', 'released'] as const;
export type ItemState = (typeof ITEM_STATES)[number];

/** A dead letter as the index keeps it. */
export interface DeadLetter {
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly consumer: string;
  readonly class: FailureClass;
  readonly key: string | null;
  readonly payload: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly botId: string | null;
  readonly conversation: string | null;
  readonly idempotencyKey: string | null;
  readonly failure: { readonly kind: string; readonly code: string; readonly message: string };
  readonly handlerVersion: string | null;
  readonly attempts: number;
  readonly firstFailedAt: string | null;
  readonly traceId: string | null;
  readonly fingerprint: string;
  readonly cause: string;
  readonly redriveId: string | null;
  readonly redriveCount: number;
  readonly deadAt: string;
}

/** A consumer whose dead letters are indexed. */
export interface DeadLetterSource {
  readonly topic: string;
  readonly consumer: string;
  /** Where a redrive enters; without it the dead letters can only be discarded. */
  readonly redelivery: string | undefined;
}

const DEAD_LETTER = '.dead-letter';
const REDELIVERY = '.redelivery';

/** The dead-letter topics among these, by their names alone. */
export function deadLetterSources(topics: readonly { readonly name: string }[]): readonly DeadLetterSource[] {
  const names = new Set(topics.map(({ name }) => name));
  return [...names]
    .filter((name) => name.endsWith(DEAD_LETTER))
    .map((topic) => {
      const consumer = topic.slice(0, -DEAD_LETTER.length);
      const redelivery = `${consumer}${REDELIVERY}`;
      return { topic, consumer, redelivery: names.has(redelivery) ? redelivery : undefined };
    });
}

/** What this room reads and writes; the topics of the ladders are not its business. */
export function isRoomTopic({ name }: { readonly name: string }): boolean {
  return name.endsWith(DEAD_LETTER) || name.endsWith(REDELIVERY);
}
