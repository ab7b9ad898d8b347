import type { LiveQuery } from './live-queries.js';

const AT_MOST = 4;

/** Queries with their answers, as a table for a page. */
export function answersPage(queries: readonly LiveQuery[]): string {
  const rows = queries.map((query) => `| ${query.panel} | \`${inCell(query.expr)}\` | ${inCell(answerOf(query))} |`);
  return ['| panel | query | answer |', '|---|---|---|', ...rows].join('\n');
}

function answerOf({ samples = [], legend, unit, mayBeEmpty }: LiveQuery): string {
  if (samples.length === 0) return `nothing: ${mayBeEmpty}`;
  // What is not 0 says more.
  const busy = samples.filter(({ value }) => value !== 0);
  const told = (busy.length > 0 ? busy : samples).slice(0, AT_MOST);
  const answers = told.map(({ metric, value }) => {
    const name = legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? '');
    return `${name} ${valueIn(unit, value)}`;
  });
  const more = samples.length - told.length;
  const areAll0 = told.length >= busy.length;
  return `${answers.join('; ')}${more > 0 ? `; ${more} more${areAll0 ? ' at 0' : ''}` : ''}`;
}

function valueIn(unit: string, value: number): string {
  const number = Number.isInteger(value) ? String(value) : value.toPrecision(3);
  switch (unit) {
    case 's':
      return `${number} s`;
    case 'percentunit':
      return `${(value * 100).toPrecision(3)} %`;
    case 'cps':
    case 'reqps':
      return `${number}/s`;
    case 'bytes':
      return `${number} B`;
    default:
      return number;
  }
}

/** A bar would end the cell. */
function inCell(text: string): string {
  return text.replaceAll('|', '\\|');
}
