import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** One row of a table in docs/configuration.md. */
export interface DocumentedSetting {
  readonly name: string;
  readonly default: string;
  readonly meaning: string;
}

/** What docs/configuration.md says of one service, row by row, so that a spec can hold it against the schema. */
export function documentedSettings(service: string): readonly DocumentedSetting[] {
  return tableRows('configuration.md', service).map(([name = '', standard = '', meaning = '']) => ({
    name,
    default: standard,
    meaning,
  }));
}

/** The first column of the table in a section of a page, so that a spec can hold it against a closed list. */
export function documentedNames(page: string, section: string): readonly string[] {
  return tableRows(page, section).map(([name = '']) => name);
}

/** Cells of the rows that begin with a name in backquotes. */
function tableRows(page: string, section: string): readonly (readonly string[])[] {
  const text = readFileSync(join(checkout(), 'docs', page), 'utf8');
  const found = text.split('\n## ').find((part) => part.startsWith(`${section}\n`)) ?? '';
  const rows = found.split('\n').filter((line) => line.startsWith('| `'));
  return rows.map((line) => {
    const [name = '', ...others] = line.split('|').slice(1, -1);
    return [name.replaceAll('`', '').trim(), ...others.map((cell) => cell.trim())];
  });
}

function checkout(): string {
  let folder = process.cwd();
  while (!existsSync(join(folder, 'nx.json'))) folder = dirname(folder);
  return folder;
}
