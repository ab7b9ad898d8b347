import { crc32 } from 'node:zlib';
import type { Client } from 'pg';
import type { Books } from './books.js';
import { withDatabase, type DatabaseAddress } from './database-client.js';
import { milliseconds, number, optional, text, type Row, type Section } from './rows.js';
import { readTableFaults } from './tables.js';
import { WAITING_SECTIONS } from './waiting-tables.js';

/** Of a ticket with one of these the messages come from more than one conversation, and conversations have no order among each other. */
const JOINS_CONVERSATIONS: ReadonlySet<string> = new Set(['ticket-moved', 'ticket-merge-received']);

const SECTIONS: readonly Section[] = [
  {
    query: `select idempotency_key, outcome, ticket_id, unique_partition, unique_offset::float8 as unique_offset,
              ${milliseconds('received_at')} as received_at, attempts, redrive_id from ticketing.ledger`,
    add: (books, row) =>
      books.addLedgerRow({
        key: text(row, 'idempotency_key'),
        outcome: text(row, 'outcome'),
        ticketId: optional(row, 'ticket_id'),
        partition: number(row, 'unique_partition'),
        offset: number(row, 'unique_offset'),
        receivedAt: number(row, 'received_at'),
        attempts: number(row, 'attempts'),
        redriveId: optional(row, 'redrive_id'),
      }),
  },
  ...WAITING_SECTIONS,
  {
    query: `select raw_partition, raw_offset::float8 as raw_offset, idempotency_key from ticketing.duplicates
              order by raw_partition, raw_offset`,
    add: (books, row) =>
      books.addRecordedDuplicate({
        partition: number(row, 'raw_partition'),
        offset: number(row, 'raw_offset'),
        key: text(row, 'idempotency_key'),
      }),
  },
  {
    query: `select ticket_id, version, idempotency_key, event_id, type, payload::text as payload, ${milliseconds('recorded_at')} as recorded_at,
              ((tx_id, global_id) <= (select tx_id, id from ticketing.outbox_cursors where source = 'events'))::int as relayed
              from ticketing.events`,
    add: (books, row) => {
      if (JOINS_CONVERSATIONS.has(text(row, 'type'))) books.addMovedTicket(text(row, 'ticket_id'));
      books.addEvent({
        ticketId: text(row, 'ticket_id'),
        version: number(row, 'version'),
        key: text(row, 'idempotency_key'),
        eventId: text(row, 'event_id'),
        recordedAt: number(row, 'recorded_at'),
        isMessage: text(row, 'type') === 'message-appended',
        payloadHash: crc32(text(row, 'payload')),
        relayed: number(row, 'relayed') === 1,
      });
    },
  },
  {
    query: `select ticket_id from ticketing.tickets`,
    add: (books, row) => books.addTicket(text(row, 'ticket_id')),
  },
  {
    query: `select bot_id, chat_id, message_id::float8 as message_id, ticket_id from ticketing.ticket_messages`,
    add: (books, row) =>
      books.addTicketMessage({
        botId: text(row, 'bot_id'),
        chatId: text(row, 'chat_id'),
        messageId: number(row, 'message_id'),
        ticketId: text(row, 'ticket_id'),
      }),
  },
];

const ROWS_AT_ONCE = 10_000;

/** The read models are held before the moment is taken: a rebuild that replaced them in between would leave them empty at that moment. */
const BEGIN = `begin transaction isolation level repeatable read read only;
  lock table ticketing.tickets, ticketing.ticket_messages in access share mode`;

/** Reads the tables as they are at one moment, a slice at a time, without holding anybody up but a rebuild that waits for its end. */
export async function readDatabase(database: DatabaseAddress, books: Books): Promise<void> {
  await withDatabase(database, async (client) => {
    await client.query(BEGIN);
    for (const section of SECTIONS) await readSection(client, section, books);
    await readTableFaults(client, books);
    await client.query('commit');
  });
}

async function readSection(client: Client, { query, add }: Section, books: Books): Promise<void> {
  await client.query(`declare section no scroll cursor for ${query}`);
  for (;;) {
    const { rows } = await client.query<Row>(`fetch ${ROWS_AT_ONCE} from section`);
    for (const row of rows) add(books, row);
    if (rows.length < ROWS_AT_ONCE) break;
  }
  await client.query('close section');
}
