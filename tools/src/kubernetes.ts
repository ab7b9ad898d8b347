import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { accessPath, writeAccess } from './access.js';
import { Kubectl } from './kubernetes/kubectl.js';
import { localCredentials, localSecrets } from './kubernetes/local-secrets.js';
import { forwardedUrl, LocalSystem, SERVICES } from './kubernetes/local-system.js';
import { proveRunning } from './kubernetes/prove-running.js';
import { overlays, verifyOverlay } from './kubernetes/verify-overlays.js';
import { repositoryRoot } from './repository-root.js';
import { wholeNumberFlag } from './whole-number-flag.js';

const HELP = `npm run kubernetes -- secrets|forward|verify [OVERLAY…] [--crds FOLDER] [--running] [--rate 100] [--seed 1]

secrets  prints the Secrets of the overlay "local" for \`kubectl apply -f -\`: demo bots, new tokens, a new password, the same ones
         each time
forward  brings the services, Kafka, PostgreSQL and Jaeger of "local" to 127.0.0.1 and writes .onceline/access.json, so that smoke,
         simulate, audit and dead-letters find them; Ctrl-C ends it
verify   applies every overlay, or those named, to a throw-away API server, strictly and twice, and looks for what a server does
         not see. tools/kubernetes.sh compiles that server the first time (Go, some minutes). --crds FOLDER has the definitions of
         the operators' kinds; without them overlays that need them are named as not proved.
         --running goes on with "local" in the cluster of kubectl's current context, which must be one to play with: every pod
         ready, smoke through the Services and its trace in Jaeger, what a missing and a wrong Secret look like, then, under load, a restart of every
         Deployment, a drained node, and restarts of PostgreSQL and Kafka; at the end the audit, from outside and as the CronJob.
         Run it where Services can be reached: on a node, or by \`tools/kubernetes.sh exec\`.

KUBECTL names another kubectl.`;

const OPTIONS = {
  crds: { type: 'string' },
  running: { type: 'boolean', default: false },
  rate: { type: 'string', default: '100' },
  seed: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: OPTIONS });
  const [command, ...named] = positionals;
  if (values.help) return void console.log(HELP);
  if (command === 'secrets') return void console.log(localSecrets(localCredentials()));
  if (command === 'forward') return forward(new LocalSystem(new Kubectl()));
  if (command !== 'verify') throw new Error(HELP);
  const { notProved, faults } = await verify(named.length > 0 ? named : overlays(), values.crds);
  if (values.running && faults.length === 0) faults.push(...(await running(values)));
  for (const fault of faults) console.error(fault);
  const left = notProved.length > 0 ? `; not proved: ${notProved.join(', ')}` : '';
  console.log(faults.length === 0 ? `kubernetes: ok${left}` : `kubernetes: ${faults.length} faults`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

async function verify(named: readonly string[], crds: string | undefined) {
  const faults: string[] = [];
  const notProved: string[] = [];
  for (const overlay of named) {
    const report = await verifyOverlay(overlay, crds);
    faults.push(...report.faults.map((fault) => `${overlay}: ${fault}`));
    if (report.unknownKinds.length > 0)
      notProved.push(`${overlay} (no definitions of ${report.unknownKinds.join(', ')})`);
    else console.log(`${overlay}: ${report.objects} objects, ${report.faults.length} faults`);
  }
  return { faults, notProved };
}

function running({ rate, seed }: { rate: string; seed?: string | undefined }): Promise<readonly string[]> {
  mustBeTheOnlyOne();
  return proveRunning(new LocalSystem(new Kubectl()), {
    rate: wholeNumberFlag('rate', rate),
    // Another story each time: the same one twice would be nothing but copies.
    seed: seed === undefined ? Math.floor(Date.now() / 1000) : wholeNumberFlag('seed', seed),
    tell: (line) => console.log(line),
  });
}

async function forward(system: LocalSystem): Promise<void> {
  mustBeTheOnlyOne();
  try {
    for (const name of [...SERVICES, 'kafka', 'postgres', 'jaeger'] as const) await system.forward(name);
    writeAccess(system.access(forwardedUrl));
    for (const service of SERVICES) console.log(`${service} ${forwardedUrl(service)}`);
    console.log(`jaeger ${forwardedUrl('jaeger')}`);
    console.log('kubernetes: forwarding, Ctrl-C ends it');
    await new Promise((resolve) => ['SIGINT', 'SIGTERM'].forEach((signal) => process.once(signal, resolve)));
  } finally {
    system.release();
  }
}

function mustBeTheOnlyOne(): void {
  if (existsSync(accessPath(repositoryRoot())))
    throw new Error('.onceline/access.json is there: stop the system that runs here first');
}

main().catch((error: Error) => {
  console.error(error.message);
  console.log('kubernetes: failed');
  process.exitCode = 1;
});
