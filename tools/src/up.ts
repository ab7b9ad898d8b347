import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { credentialsIn } from './demo-credentials.js';
import { repositoryRoot } from './repository-root.js';
import { System } from './system.js';
import type { ServiceName } from './service-process.js';

const DEFAULT_PORTS: Readonly<Record<ServiceName, number>> = {
  ingress: 8080,
  dedupe: 8081,
  ticketing: 8082,
  retry: 8083,
};

/** `npm start`: the whole system on the embedded stack, until Ctrl-C. */
async function main(): Promise<void> {
  const began = Date.now();
  const folder = join(repositoryRoot(), '.onceline');
  mkdirSync(folder, { recursive: true });
  const accessFile = join(folder, 'access.json');
  const credentialsFile = join(folder, 'credentials.json');
  const isFirstStart = !existsSync(credentialsFile);
  const stopAsked = untilStopIsAsked();
  const system = await System.start({
    folder,
    credentials: credentialsIn(credentialsFile),
    ports: await servicePorts(),
    onProgress: (line) => console.log(`  ${line}`),
  });
  system.writeAccess(accessFile);
  console.log(welcome(system, (Date.now() - began) / 1000));
  if (isFirstStart) console.log(adminToken(system));
  try {
    await stopAsked;
    console.log('\nstopping …');
  } finally {
    rmSync(accessFile, { force: true });
    await system.stop();
  }
  console.log('stopped; the data is kept in .onceline/data');
}

/** Resolves at Ctrl-C, SIGTERM, or when the program that started this one is gone. */
function untilStopIsAsked(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
    process.once('disconnect', () => resolve());
  });
}

/** The ports a person asked for, else the defaults or the next free ones. */
async function servicePorts(): Promise<Partial<Record<ServiceName | 'kafka' | 'postgres', number>>> {
  const ports: Partial<Record<ServiceName | 'kafka' | 'postgres', number>> = {};
  for (const [name, standard] of Object.entries(DEFAULT_PORTS) as [ServiceName, number][]) {
    ports[name] = fixedPort(name) ?? (await nextFree(standard));
  }
  for (const name of ['kafka', 'postgres'] as const) {
    const fixed = fixedPort(name);
    if (fixed) ports[name] = fixed;
  }
  return ports;
}

function fixedPort(name: string): number | undefined {
  const setting = `${name.toUpperCase()}_PORT`;
  const text = process.env[setting];
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Error(`${setting} is "${text}": give a port from 1 to 65535`);
  return port;
}

async function nextFree(port: number): Promise<number> {
  if (!(await isTaken(port))) return port;
  console.log(`  port ${port} is in use, trying ${port + 10}`);
  return nextFree(port + 10);
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(socket.destroy() && true));
    socket.once('error', () => resolve(false));
  });
}

function welcome(system: System, seconds: number): string {
  const { ingress, dedupe, ticketing, retry, kafka, database, bots, tokens } = system.access();
  const [bot] = bots;
  const rows = Object.entries({ ingress, dedupe, ticketing, retry, kafka: kafka.join(','), postgres: database });
  return `
Onceline is ready (${seconds.toFixed(1)} s). Ctrl-C stops it.

${rows.map(([name, address]) => `  ${name.padEnd(10)} ${address}`).join('\n')}
  bots       ${bots.map(({ id, secret }) => `${id} (secret ${secret})`).join(', ')}

Be Telegram: send an update, and send it again.

  curl -i ${ingress}/telegram/${bot?.id} -H 'X-Telegram-Bot-Api-Secret-Token: ${bot?.secret}' -H 'Content-Type: application/json' -d '{"update_id":700000001,"message":{"message_id":1,"date":1790000000,"chat":{"id":42,"type":"private"},"from":{"id":42,"is_bot":false,"first_name":"Ada"},"text":"My order has not arrived"}}'

See the one ticket, and why there is only one:

  curl -s ${ticketing}/v1/tickets -H 'Authorization: Bearer ${tokens.viewer}'
  curl -s ${ticketing}/v1/ledger/tg1:${bot?.id}:message:42:1:700000001 -H 'Authorization: Bearer ${tokens.viewer}'
`;
}

function adminToken(system: System): string {
  return `A token that may do everything, shown this once (it stays in .onceline/credentials.json, mode 600):

  ${system.access().tokens.admin}
`;
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
