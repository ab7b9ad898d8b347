import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from './repository-root.js';

/** `npm run check`: format, lint, types and unit tests; what to run before a commit. */
const root = repositoryRoot();
const steps = [
  ['node_modules/prettier/bin/prettier.cjs', '--check', '.', '--log-level', 'warn'],
  ['node_modules/nx/dist/bin/nx.js', 'run-many', '-t', 'lint,typecheck,unit', '--nxBail=false'],
];
const failed = steps.filter(([program = '', ...rest]) => {
  const { status } = spawnSync(process.execPath, [join(root, program), ...rest], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, NX_NO_CLOUD: 'true' },
  });
  return status !== 0;
});
console.log(failed.length === 0 ? 'check: ok' : 'check: failed');
process.exitCode = failed.length === 0 ? 0 : 1;
