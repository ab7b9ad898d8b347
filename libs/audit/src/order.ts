import type { Books } from './books.js';
import type { Findings } from './findings.js';
import { ledgerRows, NO_ROW } from './outcomes.js';

/**
 * Judges the order of each conversation: the messages of a ticket stand in the order in which unique has their updates, whatever
 * was retried on the way. Only what was redriven comes when its operator says.
 */
export function checkOrder(books: Books, findings: Findings, eventsInOrder: Iterable<number>): void {
  const { events, ledger } = books;
  const rowOf = ledgerRows(books, () => undefined);
  let [ticket, partition, offset, reported] = [-1, -1, -1, false];
  for (const event of eventsInOrder) {
    if (events.ticket.at(event) !== ticket) {
      [ticket, partition, offset, reported] = [events.ticket.at(event), -1, -1, false];
    }
    const row = rowOf[events.key.at(event)] ?? NO_ROW;
    // Its messages are of two chats, which have no order between them.
    if (books.movedTickets.has(ticket)) continue;
    if (events.isMessage.at(event) === 0 || row === NO_ROW || ledger.redrive.at(row) >= 0) continue;
    const [inPartition, at] = [ledger.partition.at(row), ledger.offset.at(row)];
    // Two partitions have no order between them, nor does Kafka give a conversation more than one.
    if (inPartition === partition && at < offset && !reported) {
      findings.contradiction('conversation-out-of-order', books.ticketIds.textOf(ticket));
      reported = true;
    }
    [partition, offset] = [inPartition, at];
  }
}
