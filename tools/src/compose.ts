import { existsSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { accessPath, writeAccess } from './access.js';
import { ComposeSystem, hostPort } from './compose-engine.js';
import { alertmanagerOfPrometheus, scrapedByPrometheus, smoke, traceInJaeger } from './compose-proof.js';
import { repositoryRoot } from './repository-root.js';

const HELP = `npm run compose -- up|down|check [--without grafana,…] [--volumes]

up     builds the images, starts docker-compose.yml and writes .onceline/access.json, so that every other command finds it
down   stops it; with --volumes its data and its credentials go too
check  brings up a system of its own, runs smoke, asks Jaeger for the update's trace, Prometheus for its targets and whether it
       found Alertmanager, and removes everything again, volumes included. Needs the ports of docker-compose.yml, or others by INGRESS_PORT, DEDUPE_PORT,
       TICKETING_PORT, RETRY_PORT, KAFKA_PORT, POSTGRES_PORT, JAEGER_PORT, PROMETHEUS_PORT,
       ALERTMANAGER_PORT, GRAFANA_PORT.

--without leaves parts out, e.g. where an image cannot be had. DOCKER names another docker client.`;

const PROJECT = 'onceline';

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      without: { type: 'string', default: '' },
      volumes: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [command] = positionals;
  const without = values.without.split(',').filter((name) => name !== '');
  if (values.help) return void console.log(HELP);
  if (command === 'up') return up(new ComposeSystem(PROJECT, without));
  if (command === 'down') return down(new ComposeSystem(PROJECT), values.volumes);
  if (command === 'check') return check(new ComposeSystem(`${PROJECT}-check`, without), without);
  throw new Error(HELP);
}

async function up(system: ComposeSystem): Promise<void> {
  await system.build();
  await system.up();
  writeAccess(system.access());
  console.log('compose: up');
}

async function down(system: ComposeSystem, volumes: boolean): Promise<void> {
  rmSync(accessPath(repositoryRoot()), { force: true });
  await system.down({ volumes });
  console.log('compose: down');
}

async function check(system: ComposeSystem, without: readonly string[]): Promise<void> {
  const accessFile = accessPath(repositoryRoot());
  if (existsSync(accessFile)) throw new Error(`${accessFile} is there: stop the system that runs here first`);
  removeWhenStopped(system, accessFile);
  try {
    await system.build();
    await system.up();
    writeAccess(system.access());
    await prove(without);
  } catch (error) {
    await system.logs();
    throw error;
  } finally {
    rmSync(accessFile, { force: true });
    await system.down({ volumes: true });
  }
  console.log(`compose: ok${without.length > 0 ? `, without ${without.join(', ')}` : ''}`);
}

async function prove(without: readonly string[]): Promise<void> {
  const traceId = await smoke();
  if (!without.includes('jaeger')) {
    const spans = await traceInJaeger(traceId, `http://${hostPort('jaeger')}`);
    console.log(`Jaeger has its trace, ${spans.length} spans below one root:\n  ${spans.join('\n  ')}`);
  }
  if (without.includes('prometheus')) return;
  console.log(`Prometheus scrapes ${await scrapedByPrometheus()} services`);
  if (!without.includes('alertmanager')) console.log(`Prometheus tells ${await alertmanagerOfPrometheus()}`);
}

/** Nothing stays behind when somebody stops the check. */
function removeWhenStopped(system: ComposeSystem, accessFile: string): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      rmSync(accessFile, { force: true });
      void system.down({ volumes: true }).finally(() => process.exit(130));
    });
  }
}

main().catch((error: Error) => {
  console.error(error.message);
  console.log('compose: failed');
  process.exitCode = 1;
});
