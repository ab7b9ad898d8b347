import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HEADER_MEANINGS, topicDeclarations } from '@onceline/contracts';
import { repositoryRoot } from './repository-root.js';

const rows = (page: string): string[][] =>
  readFileSync(join(repositoryRoot(), 'docs', page), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));

describe('docs/topics.md', () => {
  const table = rows('topics.md');

  it('names every topic with its cleanup policy, and no other', () => {
    const declared = topicDeclarations().map(({ name, config }) => `${name} ${config['cleanup.policy']}`);
    const documented = table.filter((cells) => cells.length === 7).map(([, name, , cleanup]) => `${name} ${cleanup}`);
    expect(documented.sort()).toEqual(declared.sort());
  });

  it('says how long each topic is kept', () => {
    for (const { name, config } of topicDeclarations()) {
      const days = Number(config['retention.ms']) / 86_400_000;
      const kept = table.find(([, topic]) => topic === name)?.[4];
      expect([name, kept]).toEqual([name, name.endsWith('.seen') ? `dedupe TTL + ${days - 3} d` : `${days} d`]);
    }
  });

  it('gives each header the meaning that the code gives it', () => {
    const documented = Object.fromEntries(
      table.filter((cells) => cells.length === 4).map(([, name, meaning]) => [name ?? '', meaning]),
    );
    expect(documented).toEqual(HEADER_MEANINGS);
  });
});
