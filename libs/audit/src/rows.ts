import { crc32 } from 'node:zlib';
import type { Books } from './books.js';

/** A row as PostgreSQL answers it. */
export type Row = Record<string, string | number | Buffer | null>;

/** A question to the database, and where its rows are booked. */
export interface Section {
  readonly query: string;
  readonly add: (books: Books, row: Row) => void;
}

/** SQL for a time as milliseconds since the epoch. */
export const milliseconds = (column: string) => `(extract(epoch from ${column}) * 1000)::float8`;

/** @throws TypeError when the column holds no text */
export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new TypeError(`${column} is no text`);
  return value;
}

/** @throws TypeError when the column holds no number */
export function number(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== 'number') throw new TypeError(`${column} is no number`);
  return value;
}

/** Text, or null. */
export function optional(row: Row, column: string): string | null {
  return row[column] === null ? null : text(row, column);
}

/** Checksum of bytes, 0 without any. @throws TypeError when the column holds no bytes */
export function checksum(row: Row, column: string): number {
  const value = row[column] ?? null;
  if (value === null) return 0;
  if (!Buffer.isBuffer(value)) throw new TypeError(`${column} holds no bytes`);
  return crc32(value);
}
