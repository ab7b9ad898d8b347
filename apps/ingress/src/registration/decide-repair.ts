import type { Deviation, Judgement, RegistrationState } from './judge-registration.js';

/** What earlier repairs of a bot have left behind. */
export interface RepairMemory {
  /** State that the last look found which had an answer; undefined when there was none yet. */
  readonly lastState?: RegistrationState | undefined;
  /** When the registration was seen to be repaired, by whichever replica or person, the latest last. */
  readonly repairedAt: readonly number[];
  /** Differences that a repair has not ended, e.g. a kind that the server does not know. */
  readonly futile?: string | undefined;
}

export const NO_REPAIRS: RepairMemory = { repairedAt: [] };

/** Why nothing is repaired. `contested`: somebody else registers the bot again and again. */
export type Restraint = 'not-told' | 'confirming' | 'futile' | 'contested';

export type RepairDecision =
  | { readonly repair: true }
  /** Without a cause where nothing is to be repaired. */
  | { readonly repair: false; readonly because: Restraint | undefined };

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
  if (state === 'registered') return { repair: false, because: undefined };
  if (!told.includes(state)) return { repair: false, because: 'not-told' };
  if (memory.futile === differences.join('; ')) return { repair: false, because: 'futile' };
  if (memory.lastState !== state) return { repair: false, because: 'confirming' };
  const recent = memory.repairedAt.filter((at) => at > now - CONTEST_WINDOW_MS);
  return recent.length < REPAIRS_BEFORE_QUARREL ? { repair: true } : { repair: false, because: 'contested' };
}

/** After a look that led to no repair. What it finds in order again somebody else has repaired: of several replicas that counts for all. */
export function remembered(memory: RepairMemory, { state }: Judgement, now: number): RepairMemory {
  const isMended = state === 'registered' && memory.lastState !== undefined && memory.lastState !== 'registered';
  const next = isMended ? repaired(memory, now) : memory;
  return { ...next, lastState: state, futile: state === 'registered' ? undefined : memory.futile };
}

/** The registration was made anew, whatever the look behind it will say. */
export function repaired(memory: RepairMemory, now: number): RepairMemory {
  return { ...memory, repairedAt: [...memory.repairedAt, now].slice(-REPAIRS_BEFORE_QUARREL) };
}

/** What the look behind a repair of ours has found. */
export function rememberedRepair(memory: RepairMemory, { state, differences }: Judgement): RepairMemory {
  return { ...memory, lastState: state, futile: state === 'registered' ? undefined : differences.join('; ') };
}
