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
  const page = readFileSync(join(checkout(), 'docs', 'configuration.md'), 'utf8');
  const section = page.split('\n## ').find((part) => part.startsWith(`${service}\n`)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return rows.map((line) => {
    const [, name = '', standard = '', meaning = ''] = line.split('|').map((cell) => cell.trim());
    return { name: name.replaceAll('`', ''), default: standard, meaning };
  });
}

function checkout(): string {
  let folder = process.cwd();
  while (!existsSync(join(folder, 'nx.json'))) folder = dirname(folder);
  return folder;
}
