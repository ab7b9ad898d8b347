/**
 * A transaction coordinator may call a transaction ended although a partition never got its marker: Kafka 4.3 skips the markers of
 * partitions that have no leader at that moment. Committed readers stop there, and the next commit of the same id would make
 * visible whatever hangs, also records that have been written again meanwhile. So the next owner looks, before it writes anything.
 */
import { KafkaError } from './errors.js';
import type { SoleWriter, TopicAdmin } from './port.js';
import type { LogReader, TopicPartition, TransactionSession } from './wire.js';

/** One output partition as the new owner finds it, in input offsets. */
export interface OutputState {
  /** Where the first record without an end comes from; `undefined` when none hangs, `unknown` when they do not say it. */
  readonly hanging: number | 'unknown' | undefined;
  /** Where the last visible record comes from. */
  readonly visible: number | undefined;
}

/** How far the group has come, and how far it could. */
export interface InputState {
  /** Next offset; `null` when the group has none. */
  readonly committed: number | null;
  readonly low: number;
  readonly end: number;
}

/** What the new owner has to do. */
export type Verdict =
  | 'nothing'
  | 'commit'
  | 'abort'
  /** The group is not where it should be: everything is visible but the offset, or there is none yet that could be behind. */
  | { readonly nextOffset: number };

/**
 * A transaction is all or nothing. If anything of the hanging one can be seen, anywhere, it was committed and the rest follows. If nothing
 * can, then nobody has acted on it, and the input is read again.
 */
export function verdictOf({ committed, low, end }: InputState, outputs: readonly OutputState[]): Verdict {
  const complete = outputs.filter(({ hanging }) => hanging === undefined);
  const seen = Math.max(-1, ...complete.map(({ visible }) => visible ?? -1));
  if (complete.length === outputs.length) {
    // A group that has lost its offsets begins at the beginning: its outputs may be of an input that was made anew.
    if (committed === null) return seen < 0 ? { nextOffset: low } : 'nothing';
    return seen >= committed && seen < end ? { nextOffset: seen + 1 } : 'nothing';
  }
  const first = Math.min(...outputs.map(({ hanging }) => (typeof hanging === 'number' ? hanging : Infinity)));
  return (committed ?? 0) > first || seen >= first ? 'commit' : 'abort';
}

/** Where the questions go. */
export interface LogView {
  readonly reader: LogReader;
  readonly admin: Pick<TopicAdmin, 'committed'>;
  /** How long markers may be on their way. */
  readonly markersWithinMs: number;
  /** Somebody may want to see it: a broker has lost markers. */
  report(what: string, found: unknown): void;
}

/** The records, then their offset, then the proof; once more if a broker fails in between again. */
const ROUNDS = 4;
const PAUSE_MS = 5;

/** Ends what hangs. @throws KafkaError `transaction-failed` when something hangs still, or what the brokers answered */
export async function endHanging(session: TransactionSession, of: SoleWriter, view: LogView): Promise<void> {
  const { groupId } = of.input;
  for (let round = 0; round < ROUNDS; round++) {
    const outputs = await Promise.all(of.outputs.map(async (at) => ({ at, ...(await stateOf(at, of, view)) })));
    const verdict = verdictOf(await inputState(of, view), outputs);
    if (verdict === 'nothing') return;
    tell(verdict, of, outputs, view);
    const partitions = outputs.filter(({ hanging }) => hanging !== undefined).map(({ at }) => at);
    if (typeof verdict === 'object') {
      await session.end({ partitions, groupId, commit: true, offset: { ...of.input, ...verdict } });
      await within(
        view.markersWithinMs,
        async () => ((await inputState(of, view)).committed ?? -1) >= verdict.nextOffset,
      );
    } else {
      await session.end({ partitions, groupId, commit: verdict === 'commit' });
      await within(view.markersWithinMs, async () =>
        (await Promise.all(partitions.map((at) => isStable(at, view)))).every(Boolean),
      );
    }
  }
  throw new KafkaError('transaction-failed', `an earlier transaction still hangs after ${ROUNDS} tries to end it`);
}

function tell(
  verdict: Verdict,
  { input }: SoleWriter,
  outputs: readonly (OutputState & { at: TopicPartition })[],
  view: LogView,
): void {
  // The first owner ever has nothing to mend.
  if (outputs.every(({ hanging, visible }) => hanging === undefined && visible === undefined)) return;
  const states = outputs.map(({ at, hanging, visible }) => `${at.topic} hangs from ${hanging}, shows ${visible}`);
  const done = typeof verdict === 'object' ? `offset moved to ${verdict.nextOffset}` : verdict;
  view.report(`markers of an earlier transaction on ${input.topic}/${input.partition}: ${done}`, states.join('; '));
}

async function inputState({ input }: SoleWriter, { admin, reader }: LogView): Promise<InputState> {
  const [committed, range] = await Promise.all([admin.committed(input.groupId, input.topic), reader.range(input)]);
  return { committed: committed[input.partition] ?? null, ...range };
}

async function stateOf(at: TopicPartition, of: SoleWriter, { reader }: LogView): Promise<OutputState> {
  const [{ low, end }, high] = await Promise.all([reader.range(at), reader.highWatermark(at)]);
  return {
    hanging: high > end ? await firstHanging({ ...at, from: end, end: high }, of, reader) : undefined,
    visible: await lastVisible({ ...at, low, end }, of, reader),
  };
}

async function firstHanging(
  stretch: TopicPartition & { from: number; end: number },
  of: SoleWriter,
  reader: LogReader,
): Promise<number | 'unknown'> {
  let first = Infinity;
  await reader.read({ ...stretch, uncommitted: true }, (records) => {
    for (const record of records) first = Math.min(first, of.inputOffsetOf(record) ?? Infinity);
  });
  return first === Infinity ? 'unknown' : first;
}

/** Backwards in growing steps: the last offset is a marker, and nearly always the record before it is visible. */
async function lastVisible(
  { low, end, ...at }: TopicPartition & { low: number; end: number },
  of: SoleWriter,
  reader: LogReader,
): Promise<number | undefined> {
  for (let to = end, step = 2; to > low; to -= step, step *= 8) {
    let last: number | undefined;
    await reader.read({ ...at, from: Math.max(low, to - step), end: to }, (records) => {
      for (const record of records) last = of.inputOffsetOf(record) ?? last;
    });
    if (last !== undefined) return last;
  }
  return undefined;
}

async function isStable(at: TopicPartition, { reader }: LogView): Promise<boolean> {
  const high = await reader.highWatermark(at);
  return (await reader.range(at)).end >= high;
}

/** The end of a transaction is answered a moment before its markers are in the logs; if one is lost again, the next round sees it. */
async function within(ms: number, holds: () => Promise<boolean>): Promise<void> {
  for (const until = Date.now() + ms; !(await holds()) && Date.now() < until;)
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}
