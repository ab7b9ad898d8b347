import type { SeenRecord } from '@onceline/contracts';
import { KeyPrinter } from './key-print.js';
import { SeenTable } from './seen-table.js';

/** Which keys one partition has seen, and where and when first. */
export interface FirstSeenStore {
  find(key: string): SeenRecord | undefined;
  /** Takes a key that {@link find} does not know. */
  add(key: string, first: SeenRecord): void;
  /** Lets a key through again; unknown keys are no fault. */
  forget(key: string): void;
  /** Drops keys first seen before this time; some of them may stay for up to 1/24 of the TTL longer, none goes earlier. */
  dropSeenBefore(time: number): void;
  readonly size: number;
  /** Memory held, measured from the arrays. */
  readonly bytes: number;
}

/** Tables per TTL. More of them free memory earlier and make each look-up longer. */
const TABLES_PER_TTL = 24;

/**
 * Keys in typed arrays, one table per 1/24 of the TTL: expiry drops a table and deletes nothing. 26 bytes per key and
 * 5 to 10 for finding it.
 *
 * Exact on (bot id, update id). Of the rest of the key 32 bits are kept: should a restart of Telegram's counter give
 * another update the same number within the TTL, and those 32 bits coincide, the payload hash still tells the two
 * apart and the copy becomes a visible collision.
 */
export class TableStore implements FirstSeenStore {
  private readonly printer = new KeyPrinter();
  private readonly tableMs: number;
  /** Oldest first. */
  private tables: SeenTable[] = [];

  constructor(ttlMs: number) {
    this.tableMs = Math.ceil(ttlMs / TABLES_PER_TTL);
  }

  get size(): number {
    return this.tables.reduce((sum, table) => sum + table.size, 0);
  }

  get bytes(): number {
    return this.tables.reduce((sum, table) => sum + table.bytes, 0);
  }

  find(key: string): SeenRecord | undefined {
    const print = this.printer.printOf(key);
    for (let index = this.tables.length - 1; index >= 0; index--) {
      const first = this.tables[index]?.find(key, print);
      if (first !== undefined) return first;
    }
    return undefined;
  }

  add(key: string, first: SeenRecord): void {
    this.tableFor(first.firstSeenAt).add(key, this.printer.printOf(key), first);
  }

  forget(key: string): void {
    const print = this.printer.printOf(key);
    // A key that came again after its expiry may be in two tables.
    for (const table of this.tables) while (table.forget(key, print));
  }

  dropSeenBefore(time: number): void {
    const oldest = this.tables[0];
    if (oldest === undefined || oldest.from + this.tableMs > time) return;
    this.tables = this.tables.filter((table) => table.from + this.tableMs > time);
  }

  private tableFor(time: number): SeenTable {
    const from = Math.floor(time / this.tableMs) * this.tableMs;
    // From the newest: nearly every key belongs there.
    let index = this.tables.length - 1;
    while (index >= 0 && (this.tables[index]?.from ?? 0) > from) index--;
    const table = this.tables[index];
    if (table !== undefined && table.from === from && !table.isFull) return table;
    const added = new SeenTable(from);
    this.tables.splice(index + 1, 0, added);
    return added;
  }
}
