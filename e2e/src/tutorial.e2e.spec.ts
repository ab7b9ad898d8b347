/** The tutorial is run as a reader would, block by block in one shell, and each answer is the one that it prints. */
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { System } from '@onceline/tools';
import { Bash } from './bash.js';
import { stepsOf } from './document-steps.js';

const ROOT = join(import.meta.dirname, '..', '..');
const steps = stepsOf(readFileSync(join(ROOT, 'docs', 'tutorial.md'), 'utf8'));

describe('docs/tutorial.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'onceline-tutorial-'));
  let system: System;
  let bash: Bash;
  let failedAt: number | undefined;

  beforeAll(async () => {
    system = await System.start();
    // To commands this folder is the checkout in which `npm start` was called.
    for (const name of ['package.json', 'tools', 'node_modules']) symlinkSync(join(ROOT, name), join(folder, name));
    system.writeAccess(join(folder, '.onceline', 'access.json'));
    // Through the link a command finds the real checkout, and without these it would look for a system that runs there.
    const { kafka, database } = system.access();
    bash = new Bash(folder);
    await bash.run(`export KAFKA_BROKERS='${kafka.join(',')}' DATABASE_URL='${database}'`);
  });
  afterAll(async () => {
    bash.stop();
    await system.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(steps)('line $line: $heading', async ({ line, script, answer }) => {
    if (failedAt !== undefined) throw new Error(`not run: the step in line ${failedAt} has failed`);
    failedAt = line;
    expect(await bash.run(script)).toBe(answer);
    failedAt = undefined;
  });
});
