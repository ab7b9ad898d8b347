import { UsageError } from './access.js';

/** The value of a command-line flag that must be a whole number within these bounds. */
export function wholeNumberFlag(
  flag: string,
  text: string,
  { min = 1, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number } = {},
): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  const bounds = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`;
  throw new UsageError(`--${flag} ${text}: give a whole number ${bounds}, as in --${flag} ${Math.max(min, 3)}`);
}
