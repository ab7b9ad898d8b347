import { parseArgs } from 'node:util';
import { databaseSecurity, EXIT_UNAVAILABLE, runMain, StartRefused } from '@onceline/service-kit';
import { readMigrationConfig } from './config.js';
import { openForProgram } from './store/open-database.js';
import {
  ReadModelsHeld,
  RebuildRunning,
  rebuildReadModels,
  type RebuildOptions,
  type Rebuilt,
} from './store/rebuild-read-models.js';
import type { WithSession } from './store/session.js';
import { sessionsOf } from './store/sessions.js';

const USAGE = 'Usage: node dist/read-models.js rebuild | check [--json]';
/** Differing tickets that are named at most. */
const NAMED = 20;

/** Makes the read models again from the events while the service runs; with `check` it only tells which tickets differ. */
await runMain(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false } },
  });
  const [command] = positionals;
  if (command !== 'rebuild' && command !== 'check') throw new StartRefused(USAGE);
  const replace = command === 'rebuild';
  const config = readMigrationConfig();
  const database = { url: config.DATABASE_URL, ...databaseSecurity(config) };
  const postgres = await openForProgram('read-models', database);
  try {
    const startedAt = performance.now();
    const rebuilt = await rebuild(sessionsOf(postgres), { replace, onProgress: (line) => console.error(line) });
    const seconds = (performance.now() - startedAt) / 1000;
    if (values.json) console.log(JSON.stringify({ ...rebuilt, seconds }));
    else describe(rebuilt, { replace, seconds }).forEach((line) => console.log(line));
    process.exitCode = rebuilt.differing.length > 0 && !replace ? 1 : 0;
  } finally {
    await postgres.close();
  }
});

/** What a later try may do is told in one sentence. */
async function rebuild(withSession: WithSession, options: RebuildOptions): Promise<Rebuilt> {
  try {
    return await rebuildReadModels(withSession, options);
  } catch (error) {
    if (!(error instanceof RebuildRunning || error instanceof ReadModelsHeld)) throw error;
    throw new StartRefused(`${error.message}; try again later`, { cause: error, exitCode: EXIT_UNAVAILABLE });
  }
}

function describe(
  { events, tickets, differing, lockedMs }: Rebuilt,
  { replace, seconds }: { replace: boolean; seconds: number },
): readonly string[] {
  const rest = differing.length - NAMED;
  const named = differing.slice(0, NAMED).map((id) => `ticket ${id} is not what its events say`);
  const read = `${tickets} tickets from ${events} events in ${seconds.toFixed(1)} s, locked for ${Math.ceil(lockedMs)} ms`;
  const found = differing.length === 0 ? 'none differed' : `${differing.length} differed`;
  return [
    ...named,
    ...(rest > 0 ? [`and ${rest} more`] : []),
    `read-models: ${replace ? 'rebuilt' : 'compared'} ${read}; ${found}${replace && differing.length > 0 ? ', mended' : ''}`,
  ];
}
