import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SHARED_DATABASE, startStack } from '@onceline/local-stack';
import { repositoryRoot } from './repository-root.js';

/** One call of NX: a price of specs in all projects, or in some, on the stack that the environment names. */
interface Round {
  readonly target: 'unit' | 'int' | 'e2e';
  readonly projects?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** One PostgreSQL for all files that ask for no other: each would start its own, and migrate it. */
  readonly sharesDatabase?: boolean;
}

const ROUNDS: readonly Round[] = [{ target: 'unit' }, { target: 'int', sharesDatabase: true }, { target: 'e2e' }];
/** Enough to see that nothing leans on the embedded stack. */
const ON_CONTAINERS: Round = { target: 'int', projects: 'kafka,postgres', environment: { STACK: 'containers' } };

/**
 * Runs every test of every project and adds up what jest reported; with `--containers` a part of them in containers as well. What failed is told
 * again at the end, where it is found in a long log. The last line is `N passed, N failed`.
 */
async function main(): Promise<void> {
  const root = repositoryRoot();
  const { values } = parseArgs({ options: { containers: { type: 'boolean', default: false } } });
  const first = await runAll(root, ROUNDS);
  // A second count: the reports of both have the same names.
  const second = values.containers ? await runAll(root, [ON_CONTAINERS]) : { passed: 0, failures: 0, words: [] };
  const passed = first.passed + second.passed;
  const failures = first.failures + second.failures;
  for (const words of [...first.words, ...second.words]) console.log(words);
  console.log(`${passed} passed, ${failures} failed`);
  process.exitCode = failures > 0 || passed === 0 ? 1 : 0;
}

interface Tally {
  readonly passed: number;
  readonly failures: number;
  /** What failed, in jest's words. */
  readonly words: readonly string[];
}

async function runAll(root: string, rounds: readonly Round[]): Promise<Tally> {
  const results = join(root, '.onceline', 'tests');
  rmSync(results, { recursive: true, force: true });
  let broken = false;
  for (const round of rounds) broken = (await runOnStack(root, round)) !== 0 || broken;
  const reports = readReports(results);
  const { passed, failed } = sum(reports);
  // A project that failed without a failed test (a crash, a target that did not start) must not look green.
  if (broken && failed === 0)
    return { passed, failures: 1, words: ['a project failed without a failed test: see above'] };
  return { passed, failures: failed, words: reports.flatMap(failuresIn) };
}

async function runOnStack(root: string, round: Round): Promise<number | null> {
  if (!round.sharesDatabase || process.env['DATABASE_URL']) return run(root, round);
  const stack = await startStack({ kafka: false, durable: false });
  try {
    return await run(root, { ...round, environment: { [SHARED_DATABASE]: stack.postgres.url } });
  } finally {
    await stack.stop();
  }
}

function run(root: string, { target, projects, environment }: Round): Promise<number | null> {
  const some = projects === undefined ? [] : ['-p', projects];
  const child = spawn(
    process.execPath,
    [
      join(root, 'node_modules/nx/dist/bin/nx.js'),
      'run-many',
      '-t',
      target,
      ...some,
      '--output-style=stream',
      '--nxBail=false',
    ],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, NX_NO_CLOUD: 'true', ...environment },
    },
  );
  return new Promise((resolve) => child.once('close', resolve));
}

interface JestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly testResults: readonly { readonly status: string; readonly name: string; readonly message: string }[];
}

function readReports(folder: string): JestReport[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as JestReport);
}

function failuresIn(report: JestReport): string[] {
  return report.testResults
    .filter(({ status }) => status === 'failed')
    .map(({ name, message }) => `FAIL ${name}\n${message}`);
}

function sum(reports: readonly JestReport[]): { passed: number; failed: number } {
  const total = { passed: 0, failed: 0 };
  for (const report of reports) {
    total.passed += report.numPassedTests;
    total.failed += report.numFailedTests + report.numRuntimeErrorTestSuites;
  }
  return total;
}

await main();
