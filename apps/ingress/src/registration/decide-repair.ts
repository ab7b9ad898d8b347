import type { Deviation, Judgement, RegistrationState } from './judge-registration.js';

/** What earlier repairs of a bot have left behind. */
export interface RepairMemory {
  /** State that the last look found which had an answer; undefined when there was none yet. */
  readonly lastState?: RegistrationState | undefined;
  /** When repairs were made, the latest last. */
  readonly repairedAt: readonly number[];
  /** Differences that a repair has not ended, e.g. a kind that the server does not know. */
  readonly futile?: string | undefined;
}

export const NO_REPAIRS: RepairMemory = { repairedAt: [] };

/** Why nothing is repaired. `contested`: somebody else registers the bot again and again. */
export type Restraint = 'registered' | 'not-told' | 'confirming' | 'futile' | 'contested';

export type RepairDecision = { readonly repair: true } | { readonly repair: false; readonly because: Restraint };

const CONTEST_WINDOW_MS = 3_600_000;
/** More repairs within an hour are a quarrel, which people have to settle: each one makes Telegram send again what is in flight. */
const REPAIRS_BEFORE_QUARREL = 3;

/** Whether to register the bot anew. A deviation must be seen twice running, so that a look amid a change harms nobody. */
export function decideRepair(
  { state, differences }: Judgement,
  told: readonly Deviation[],
  memory: RepairMemory,
  now: number,
): RepairDecision {
  if (state === 'registered') return { repair: false, because: 'registered' };
  if (!told.includes(state)) return { repair: false, because: 'not-told' };
  if (memory.futile === differences.join('; ')) return { repair: false, because: 'futile' };
  if (memory.lastState !== state) return { repair: false, because: 'confirming' };
  const recent = memory.repairedAt.filter((at) => at > now - CONTEST_WINDOW_MS);
  return recent.length < REPAIRS_BEFORE_QUARREL ? { repair: true } : { repair: false, because: 'contested' };
}

/** After a look that led to no repair. */
export function remembered(memory: RepairMemory, { state }: Judgement): RepairMemory {
  return { ...memory, lastState: state, futile: state === 'registered' ? undefined : memory.futile };
}

/** After a repair, with what the look behind it said. */
export function rememberedRepair(memory: RepairMemory, { state, differences }: Judgement, now: number): RepairMemory {
  return {
    lastState: state,
    repairedAt: [...memory.repairedAt, now].slice(-REPAIRS_BEFORE_QUARREL),
    futile: state === 'registered' ? undefined : differences.join('; '),
  };
}
