/**
 * An insert of many rows: the text with its parameters from `$first` on, and one array per column. A batch of any size is
 * one statement, and several of these make one statement too.
 */
export interface Rows<Row> {
  readonly columns: number;
  sql(first: number): string;
  values(rows: readonly Row[]): unknown[][];
}

export function arrays(first: number, types: readonly string[]): string {
  return `unnest(${types.map((type, index) => `$${first + index}::${type}[]`).join(', ')})`;
}

/** Sorted, so that two instances never wait for each other crosswise. */
export function sortedBy<Row>(rows: readonly Row[], keyOf: (row: Row) => string): Row[] {
  return [...rows].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
