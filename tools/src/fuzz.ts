// The command behind `npm run fuzz`.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from './access.js';
import { askedBy, fuzzConfig } from './fuzz/fuzz-config.js';
import { installedSchemathesis, run } from './fuzz/schemathesis.js';
import { seedService } from './fuzz/seed-service.js';
import { repositoryRoot } from './repository-root.js';
import { System } from './system.js';
import { wholeNumberFlag } from './whole-number-flag.js';

const HELP = `npm run fuzz -- [--seconds 600] [--seed N]

Starts ticketing on a stack of its own, fills it, and lets Schemathesis ask it what its OpenAPI document allows and what it
forbids: no answer may be a failure of the service, nor one that the document does not describe. --seconds is the time for
asking; --seed makes a run again, which it tells at its end. Needs Python 3.11 or newer. Logs are in .onceline/fuzz.`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '600' },
      seed: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void console.log(HELP);
  const seconds = wholeNumberFlag('seconds', values.seconds);
  const seed = values.seed === undefined ? Date.now() % 1_000_000_000 : wholeNumberFlag('seed', values.seed);
  const folder = join(repositoryRoot(), '.onceline', 'fuzz');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const program = await installedSchemathesis(console.log);
  const system = await System.start({
    folder,
    services: ['ticketing'],
    environment: { FAULTS_ENABLED: 'true' },
    onProgress: console.log,
  });
  try {
    const args = [...(await prepared(system, folder)), '--max-time', String(seconds), '--seed', String(seed)];
    const code = await run(program, args, folder);
    console.log(code === 0 ? `fuzz: ok, seed ${seed}` : `fuzz: failed, seed ${seed}`);
    process.exitCode = code === 0 ? 0 : 1;
  } finally {
    await system.stop();
  }
}

/** What Schemathesis is called with, but for the length of the run. */
async function prepared(system: System, folder: string): Promise<string[]> {
  const known = await seedService(system);
  const { ticketing, tokens } = system.access();
  const document = (await (await fetch(`${ticketing}/docs/openapi.json`)).json()) as Parameters<typeof askedBy>[0];
  const [api, config] = [join(folder, 'openapi.json'), join(folder, 'schemathesis.toml')];
  writeFileSync(api, JSON.stringify(askedBy(document, known)));
  const everyRun = readFileSync(join(repositoryRoot(), 'tools', 'schemathesis.toml'), 'utf8');
  writeFileSync(config, fuzzConfig(everyRun, { token: tokens.admin, known }), { mode: 0o600 });
  return ['--config-file', config, 'run', api, '--url', ticketing, '--no-color'];
}

main().catch((error: Error) => {
  console.error(error instanceof UsageError ? `fuzz: ${error.message}` : (error.stack ?? error.message));
  console.log('fuzz: failed');
  process.exitCode = 1;
});
