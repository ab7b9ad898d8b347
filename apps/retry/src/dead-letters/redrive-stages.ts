/** How far a redrive has come, stage by stage. */
export interface StageCount {
  readonly stage: number;
  /** Not sent yet. */
  readonly waiting: number;
  /** Sent, without an outcome. */
  readonly inFlight: number;
  readonly failedAgain: number;
}

export type NextStep =
  | { readonly type: 'send'; readonly stage: number }
  /** Until what is in flight has its outcome. */
  | { readonly type: 'wait' }
  /** A canary failed: what is left stays where it is. */
  | { readonly type: 'stop'; readonly stage: number; readonly failedAgain: number }
  | { readonly type: 'finish' };

/** Last position of each canary stage: [1, 10] makes 1 and 11; what lies beyond is the rest. */
export function stageEnds(canary: readonly number[]): number[] {
  let end = 0;
  return canary.map((size) => (end += size));
}

/** The stage of a position, counted from 1. */
export function stageOf(position: number, ends: readonly number[]): number {
  return ends.filter((end) => position > end).length;
}

/** What a redrive does next. Every stage but the last is a canary: it must end well before the next one begins. */
export function nextStep(stages: readonly StageCount[], canaries: number): NextStep {
  const ordered = [...stages].sort((a, b) => a.stage - b.stage);
  const isLeft = ordered.some(({ waiting }) => waiting > 0);
  const current = ordered.find(({ waiting, inFlight }) => waiting > 0 || inFlight > 0);
  if (current === undefined) return { type: 'finish' };
  const failed = ordered.find(({ stage, failedAgain }) => stage < canaries && failedAgain > 0);
  if (failed && isLeft) return { type: 'stop', stage: failed.stage, failedAgain: failed.failedAgain };
  return current.waiting > 0 ? { type: 'send', stage: current.stage } : { type: 'wait' };
}

/** Records that leave in one go at most. */
export const LARGEST_BURST = 200;

/** How many records may go now, and when the next ones may: never more than `rate` a second over any longer time. */
export function pace(rate: number, now: number, pacedUntil: number): { count: number; pacedUntil: number } {
  if (now < pacedUntil) return { count: 0, pacedUntil };
  const count = Math.max(1, Math.min(LARGEST_BURST, Math.floor(rate / 5)));
  return { count, pacedUntil: now + (count / rate) * 1000 };
}
