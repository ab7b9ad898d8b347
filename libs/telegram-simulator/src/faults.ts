import type { Random } from './random.js';

/** Bad weather for one update. */
export type Fault = 'drop-answer' | 'late-answer' | 'duplicate-in-flight' | 'duplicate-later';

/** All faults there are. */
export const faults: readonly Fault[] = ['drop-answer', 'late-answer', 'duplicate-in-flight', 'duplicate-later'];

/** How likely each fault is for an update. */
export type FaultRates = Readonly<Partial<Record<Fault, number>>>;

/** Draws the faults of one update; every kind is drawn every time, so that changing one rate moves no other. */
export function drawFaults(rates: FaultRates, random: Random): Fault[] {
  return faults.filter((fault) => random.chance(rates[fault] ?? 0));
}
