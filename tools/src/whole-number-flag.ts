/** The value of a command-line flag that must be a whole number from 1. */
export function wholeNumberFlag(flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${flag} is ${text}: give a whole number from 1`);
  return value;
}
