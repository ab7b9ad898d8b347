import { createHash } from 'node:crypto';
import { transient, permanent, type UpdateFailure } from '../intake/update-failure.js';

/** A fault that an operator switched on: records that it matches fail until it ends. */
export interface FaultRule {
  readonly id: string;
  readonly match:
    | { readonly idempotencyKey: string }
    | { readonly conversation: string }
    /** Part of all records, from 0 to 1; always the same ones. */
    | { readonly share: number };
  readonly kind: 'transient' | 'permanent' | 'unavailable';
  /** Tries of each record that fail; all of them when null. */
  readonly times: number | null;
}

/** A fault of the kind `unavailable`: as if the database were away, so it looks like PostgreSQL's own. No record is to blame. */
export class InjectedOutage extends Error {
  readonly code = '57P03';

  constructor(readonly ruleId: string) {
    super(`fault ${ruleId} makes the database unavailable`);
    this.name = 'InjectedOutage';
  }
}

/** The record as a rule sees it. */
export interface FaultSubject {
  readonly idempotencyKey: string;
  readonly conversation: string;
  /** Tries before this one. */
  readonly tries: number;
}

/**
 * The failure that a fault makes of a record; undefined when none does.
 * @throws InjectedOutage for a fault of the kind `unavailable`
 */
export function injectedFailure(rules: readonly FaultRule[], subject: FaultSubject): UpdateFailure | undefined {
  const rule = rules.find((each) => matches(each, subject));
  switch (rule?.kind) {
    case undefined:
      return undefined;
    case 'unavailable':
      throw new InjectedOutage(rule?.id ?? '');
    case 'transient':
      return transient('fault-injected', `fault ${rule?.id} is switched on`);
    case 'permanent':
      return permanent('fault-injected', `fault ${rule?.id} is switched on`);
  }
}

function matches({ id, match, times }: FaultRule, subject: FaultSubject): boolean {
  if (times !== null && subject.tries >= times) return false;
  if ('idempotencyKey' in match) return match.idempotencyKey === subject.idempotencyKey;
  if ('conversation' in match) return match.conversation === subject.conversation;
  return positionOf(`${id}\n${subject.idempotencyKey}`) < match.share;
}

/** From 0 to 1, spread evenly and always the same for the same text. */
function positionOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32;
}
