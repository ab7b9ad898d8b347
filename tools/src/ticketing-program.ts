import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from './repository-root.js';

/** How a program of ticketing ended. */
export interface EndedProgram {
  readonly code: number | null;
  /** What it said on standard output. */
  readonly output: string;
}

/** Runs a program of ticketing on a database, here as in a cluster; what it tells on its way goes to standard error. */
export async function runTicketingProgram(
  name: 'customer-keys' | 'migrate' | 'read-models' | 'seed-tickets',
  databaseUrl: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<EndedProgram> {
  const child = spawn(process.execPath, [join(repositoryRoot(), 'apps/ticketing/dist', `${name}.js`), ...args], {
    env: { ...process.env, ...environment, DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, output };
}

/** The same where anything but success is a defect; answers the JSON of its last line. */
export async function resultOfTicketingProgram<Result>(
  ...[name, databaseUrl, args, environment]: Parameters<typeof runTicketingProgram>
): Promise<Result> {
  const { code, output } = await runTicketingProgram(name, databaseUrl, args, environment);
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${output}`);
  return JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') as Result;
}
