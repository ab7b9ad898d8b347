import fc from 'fast-check';
import { hideAborted, type FetchedMessage, type FetchedPartition } from './client-patch.js';

interface Step {
  readonly producer: number;
  readonly kind: 'write' | 'commit' | 'abort';
}

/** Writes a log by hand: what a broker would hold, and which records a committed reader may see. */
function logOf(steps: readonly Step[]): {
  messages: FetchedMessage[];
  visible: number[];
  aborted: { producerId: string; firstOffset: string }[];
} {
  const messages: FetchedMessage[] = [];
  const open = new Map<number, number[]>();
  const visible: number[] = [];
  const aborted: { producerId: string; firstOffset: string }[] = [];
  const append = (producer: number, isControlRecord: boolean, key: Buffer | null) =>
    messages.push({
      offset: String(messages.length),
      timestamp: '0',
      key,
      value: null,
      headers: {},
      isControlRecord,
      batchContext: { producerId: String(producer), inTransaction: true },
    });
  const end = (producer: number, kind: 'commit' | 'abort') => {
    const written = open.get(producer);
    if (written === undefined) return;
    open.delete(producer);
    append(producer, true, Buffer.from([0, 0, 0, kind === 'abort' ? 0 : 1]));
    if (kind === 'commit') visible.push(...written);
    else aborted.push({ producerId: String(producer), firstOffset: String(written[0]!) });
  };
  for (const { producer, kind } of steps) {
    if (kind !== 'write') end(producer, kind);
    else {
      open.set(producer, [...(open.get(producer) ?? []), messages.length]);
      append(producer, false, null);
    }
  }
  for (const producer of open.keys()) end(producer, 'abort');
  return { messages, visible: visible.sort((a, b) => a - b), aborted };
}

describe('hideAborted', () => {
  it('hides exactly the aborted records, with any interleaving of producers, from any offset, in any order of the list', () => {
    const step = fc.record({
      producer: fc.integer({ min: 1, max: 3 }),
      kind: fc.constantFrom('write', 'write', 'write', 'commit', 'abort'),
    });
    fc.assert(
      fc.property(
        fc.array(step as fc.Arbitrary<Step>, { maxLength: 60 }),
        fc.nat(30),
        fc.infiniteStream(fc.nat()),
        (steps, from, order) => {
          const { messages, visible, aborted } = logOf(steps);
          const fetched = messages.filter(({ offset }) => Number(offset) >= from);
          // The broker names the aborted transactions that reach into what was fetched.
          const endOf = ({ producerId, firstOffset }: { producerId: string; firstOffset: string }) =>
            messages.findIndex(
              (m) =>
                m.isControlRecord && m.batchContext.producerId === producerId && Number(m.offset) > Number(firstOffset),
            );
          const list = aborted.filter((a) => endOf(a) >= from);
          list.sort(() => ((order.next().value as number) % 3) - 1);
          const partition: FetchedPartition = {
            partition: 0,
            highWatermark: '0',
            lastStableOffset: '0',
            abortedTransactions: list,
            messages: fetched,
          };
          hideAborted(partition);
          const shown = partition.messages.filter((m) => !m.isControlRecord).map((m) => Number(m.offset));
          expect(shown).toEqual(visible.filter((offset) => offset >= from));
          expect(partition.abortedTransactions).toEqual([]);
        },
      ),
    );
  });
});
