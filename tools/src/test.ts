import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from './repository-root.js';

/** Runs every test of every project and adds up what jest reported. The last line is `N passed, N failed`. */
async function main(): Promise<void> {
  const root = repositoryRoot();
  const results = join(root, '.onceline', 'tests');
  rmSync(results, { recursive: true, force: true });
  let broken = false;
  for (const target of ['unit', 'int', 'e2e']) broken = (await run(root, target)) !== 0 || broken;
  const { passed, failed } = sum(results);
  // A project that failed without a failed test (a suite that did not load, a crash) must not look green.
  const failures = broken && failed === 0 ? 1 : failed;
  console.log(`${passed} passed, ${failures} failed`);
  process.exitCode = failures > 0 || passed === 0 ? 1 : 0;
}

function run(root: string, target: string): Promise<number | null> {
  const child = spawn(
    process.execPath,
    [join(root, 'node_modules/nx/dist/bin/nx.js'), 'run-many', '-t', target, '--output-style=stream', '--nxBail=false'],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, NX_NO_CLOUD: 'true' },
    },
  );
  return new Promise((resolve) => child.once('close', resolve));
}

interface JestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numRuntimeErrorTestSuites: number;
}

function sum(folder: string): { passed: number; failed: number } {
  const total = { passed: 0, failed: 0 };
  if (!existsSync(folder)) return total;
  for (const file of readdirSync(folder)) {
    const report = JSON.parse(readFileSync(join(folder, file), 'utf8')) as JestReport;
    total.passed += report.numPassedTests;
    total.failed += report.numFailedTests + report.numRuntimeErrorTestSuites;
  }
  return total;
}

await main();
