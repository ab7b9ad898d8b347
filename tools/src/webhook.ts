// The command behind `npm run webhook`. The work is done by a program of the ingress, which is also in its image: it reads the
// ingress's settings, and it registers what the ingress then watches.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from './repository-root.js';

const program = join(repositoryRoot(), 'apps', 'ingress', 'dist', 'webhook.js');
const child = spawn(process.execPath, [program, ...process.argv.slice(2)], { stdio: 'inherit' });
// A second one of the same kind changes nothing, so that it does not matter whether a terminal has sent one as well.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  console.error(error.message);
  console.log('webhook: failed');
  process.exitCode = 1;
});
child.on('exit', (code, signal) => {
  process.exitCode = signal === null ? (code ?? 1) : 128 + constants.signals[signal];
});
