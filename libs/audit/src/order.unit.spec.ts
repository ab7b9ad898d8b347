/** The order of messages is that of their chat: a ticket that went from one chat to another has messages of both. */
import { checkBooks } from './report.js';
import { booksOf, worldOf, type Arrival } from './world.spec.js';

const message = (id: number): Arrival => ({ chat: 1, message: id, payload: 0, readable: true });

function rulesWith({ moved }: { moved: boolean }) {
  const world = worldOf([message(1), message(2)]);
  const [first, second] = world.unique;
  if (!first || !second) throw new Error('two updates are expected');
  [first.offset, second.offset] = [second.offset, first.offset];
  world.unique.reverse();
  for (const row of world.ledger) row.offset = world.unique.find(({ key }) => key === row.key)?.offset ?? -1;
  if (moved) world.moved.push(...world.tickets);
  return checkBooks(booksOf(world)).contradictions.map(({ rule }) => rule);
}

it('messages of one chat that stand in another order are a contradiction', () => {
  expect(rulesWith({ moved: false })).toEqual(['conversation-out-of-order']);
});

it('those of a ticket that has moved have no order between them', () => {
  expect(rulesWith({ moved: true })).toEqual([]);
});
