import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../access.js';
import { repositoryRoot } from '../repository-root.js';

const NO_PYTHON = `needs Python 3.11 or newer as python3, with venv and pip (Debian: apt-get install -y --no-install-recommends python3-venv).`;

/** Schemathesis in the pinned version, in a virtual environment of its own that is made the first time. Answers its program. */
export async function installedSchemathesis(say: (line: string) => void): Promise<string> {
  const requirements = join(repositoryRoot(), 'tools', 'schemathesis.requirements.txt');
  const version = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = join(repositoryRoot(), '.onceline', 'cache', `schemathesis-${version}`);
  const program = join(folder, 'bin', 'schemathesis');
  // Written last: an installation that was interrupted has none.
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return program;
  say('Installing Schemathesis (once, half a minute) …');
  rmSync(folder, { recursive: true, force: true });
  const isRecent = await run('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 11))']).catch(() => 1);
  if (isRecent !== 0 || (await run('python3', ['-m', 'venv', folder])) !== 0) throw new UsageError(NO_PYTHON);
  const options = ['--quiet', '--disable-pip-version-check', '--require-hashes', '--only-binary=:all:'];
  const pip = ['-m', 'pip', 'install', ...options, '-r', requirements];
  if ((await run(join(folder, 'bin', 'python'), pip)) !== 0) throw new Error('pip failed: see above');
  writeFileSync(complete, '');
  return program;
}

/** Runs a program; what it says is ours to say. Answers its exit code. */
export function run(program: string, args: readonly string[], cwd: string = repositoryRoot()): Promise<number> {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}
