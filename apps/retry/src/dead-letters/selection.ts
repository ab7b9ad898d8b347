import type { z } from 'zod';
import type { filterSchema, selectionSchema } from './schemas.js';

export type DeadLetterFilter = z.infer<typeof filterSchema>;
/** One, several, a group, or whatever fits a filter. */
export type Selection = z.infer<typeof selectionSchema>;

/** Values of a statement under construction. */
export class Parameters {
  readonly values: unknown[] = [];

  /** The place of a value in the statement. */
  add(value: unknown): string {
    return `$${this.values.push(value)}`;
  }
}

const COLUMNS = {
  fingerprint: 'fingerprint',
  consumer: 'consumer',
  bot: 'bot_id',
  conversation: 'conversation',
  class: 'class',
  status: 'status',
} as const;

/** Conditions on retry.dead_letters; nothing asked for is no condition. */
export function filterConditions(filter: DeadLetterFilter, parameters: Parameters): string[] {
  const conditions: string[] = [];
  for (const [name, column] of Object.entries(COLUMNS) as [keyof typeof COLUMNS, string][]) {
    const value = filter[name];
    if (value !== undefined) conditions.push(`${column} = ${parameters.add(value)}`);
  }
  if (filter.from !== undefined) conditions.push(`dead_at >= ${parameters.add(filter.from)}::timestamptz`);
  if (filter.to !== undefined) conditions.push(`dead_at < ${parameters.add(filter.to)}::timestamptz`);
  return conditions;
}

/** What a selection means; whether a dead letter is still open is for the caller to add. */
export function selectionConditions(selection: Selection, parameters: Parameters): string[] {
  if (selection.id !== undefined) return [`dead_letter_id = ${parameters.add(selection.id)}`];
  if (selection.ids !== undefined) return [`dead_letter_id = any(${parameters.add(selection.ids)}::text[])`];
  if (selection.fingerprint !== undefined) return [`fingerprint = ${parameters.add(selection.fingerprint)}`];
  return filterConditions(selection.filter ?? {}, parameters);
}

/** `where …`, or nothing. */
export function whereAll(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
}

/** The selection in words, for people. */
export function describeSelection(selection: Selection): string {
  if (selection.id !== undefined) return `dead letter ${selection.id}`;
  if (selection.ids !== undefined) return `${selection.ids.length} dead letters by id`;
  if (selection.fingerprint !== undefined) return `the group ${selection.fingerprint}`;
  const parts = Object.entries(selection.filter ?? {}).map(([name, value]) => `${name}=${value}`);
  return `dead letters with ${parts.join(', ')}`;
}
