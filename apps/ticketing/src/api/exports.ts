import { Readable } from 'node:stream';
import type { Person } from '../ticket/person.js';
import { answering } from './answering.js';
import { csvLine } from './csv.js';
import { messagePages, ticketPages } from './export-rows.js';
import type { OpenStreams } from './open-streams.js';
import type { Reading } from './reading.js';
import { EXPORT_COLUMNS, type ExportFormat, type ExportQuery } from './export-schemas.js';
import { personPages } from './person-pages.js';

export type Exported = keyof typeof EXPORT_COLUMNS;

/** Whole lists, as streams: a page is read when the reader has taken the one before. */
export class Exports {
  constructor(
    private readonly reading: Reading,
    private readonly streams: OpenStreams,
  ) {}

  /** What is wrong at the first page is an answer; what goes wrong later breaks the stream off. */
  async open(what: Exported, { format: _format, ...filter }: ExportQuery, format: ExportFormat): Promise<Readable> {
    const pages: AsyncGenerator<object[]> =
      what === 'tickets' ? ticketPages(this.reading.withSession, filter) : messagePages(this.reading, filter);
    return this.stream(pages, linesOf(format, EXPORT_COLUMNS[what]));
  }

  /** Everything on one person, a line of JSON each. */
  openPerson(person: Person): Promise<Readable> {
    return this.stream(personPages(this.reading, person), linesOf('ndjson', []));
  }

  private async stream(pages: AsyncGenerator<object[]>, lines: Lines): Promise<Readable> {
    const first = await answering(pages.next());
    const chunks = texts(resumed(first, pages), lines);
    return this.streams.add(Readable.from(chunks, { objectMode: false }));
  }
}

interface Lines {
  readonly head: string;
  readonly lineOf: (row: object) => string;
}

function linesOf(format: ExportFormat, columns: readonly string[]): Lines {
  if (format === 'ndjson') return { head: '', lineOf: (row) => `${JSON.stringify(row)}\n` };
  const cells = (row: object) => columns.map((column) => (row as Record<string, unknown>)[column]);
  return { head: csvLine(columns), lineOf: (row) => csvLine(cells(row)) };
}

async function* resumed<Page>(first: IteratorResult<Page, void>, rest: AsyncGenerator<Page>): AsyncGenerator<Page> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}

async function* texts(pages: AsyncIterable<readonly object[]>, { head, lineOf }: Lines): AsyncGenerator<string> {
  if (head !== '') yield head;
  for await (const rows of pages) yield rows.map(lineOf).join('');
}
