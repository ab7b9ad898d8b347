// The first thing every command runs, on whatever Node (20 or newer) is there and without node_modules:
// installs what is missing, builds what has changed, then runs tools/dist/<command>.js on Node 24.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = join(root, 'node_modules', '.bin');
const OLDEST_TO_BEGIN = [20, 0];
const OLDEST_TO_RUN = [24, 11];

function fail(message) {
  console.error(message);
  process.exit(1);
}

function isAtLeast([major, minor]) {
  const [ours, oursMinor] = process.versions.node.split('.').map(Number);
  return ours > major || (ours === major && oursMinor >= minor);
}

function packagesOf(lockFile) {
  return JSON.parse(readFileSync(join(root, lockFile), 'utf8')).packages;
}

// npm writes down what it installed, as the last thing: an install that was interrupted has no such file.
function isInstalled() {
  if (!existsSync(join(root, 'node_modules', '.package-lock.json'))) return false;
  const installed = packagesOf('node_modules/.package-lock.json');
  return Object.entries(packagesOf('package-lock.json'))
    .filter(([path, { optional, devOptional }]) => path.includes('node_modules/') && !(optional || devOptional))
    .every(([path, wanted]) => installed[path]?.version === wanted.version && path in installed);
}

function run(command, args, options = {}) {
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) fail(`${command} could not be started: ${error.message}`);
  if (signal) process.exit(128 + constants.signals[signal]);
  return status;
}

// No package here needs its install script: the one that links PostgreSQL's libraries is made up for by local-stack.
function install() {
  if (isInstalled()) return;
  console.log('Installing the dependencies (once, one or two minutes) …');
  const args = ['ci', '--loglevel=error', '--ignore-scripts', '--no-audit', '--no-fund'];
  const status = run('npm', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) fail('`npm ci` failed: mend what it says above, then try again.');
}

function build(node) {
  const status = run(node, [join(root, 'node_modules', 'typescript-7', 'bin', 'tsc'), '-b']);
  if (status !== 0) fail('The build failed: mend what it says above, then try again.');
}

function nodeToRun() {
  const installed = join(bin, 'node');
  if (existsSync(installed)) return installed;
  if (isAtLeast(OLDEST_TO_RUN)) return process.execPath;
  return fail(
    `Onceline runs on Node ${OLDEST_TO_RUN.join('.')} or newer; this is ${process.version}, and npm has none to install ` +
      'for this platform. Install Node 24 (https://nodejs.org), or run everything in containers with `docker compose up`.',
  );
}

// Ends the command when this process is killed: the pipe closes by whatever death.
function guard(pid) {
  const script = 'read -r _; kill -TERM "$1" 2>/dev/null';
  const shell = spawn('/bin/sh', ['-c', script, 'onceline-guard', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  shell.on('error', () => undefined); // no shell, no guard: the command still works
  shell.unref();
  return shell;
}

function hand(node, script, args) {
  // Every service is a process of its own and loads much the same code: compiled once, it is there for all of them.
  const compiled = process.env.NODE_COMPILE_CACHE ?? join(root, '.onceline', 'cache', 'compiled');
  // A terminal sends Ctrl-C to all its processes, so the command has it already; elsewhere the command is kept apart from
  // group signals and gets ours. Either way it sees each signal once: a second one would cut its orderly end short.
  const onTerminal = process.stdin.isTTY === true;
  const child = spawn(node, [script, ...args], {
    stdio: 'inherit',
    detached: !onTerminal,
    env: {
      ...process.env,
      PATH: `${bin}${delimiter}${process.env.PATH ?? ''}`,
      NX_NO_CLOUD: 'true',
      NODE_COMPILE_CACHE: compiled,
    },
  });
  child.on('error', (error) => fail(`${node} could not be started: ${error.message}`));
  const watch = guard(child.pid);
  const sent = new Set();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (sent.has(signal) || (signal !== 'SIGTERM' && onTerminal)) return;
      sent.add(signal);
      child.kill(signal);
    });
  }
  child.on('exit', (code, signal) => {
    watch.kill('SIGKILL');
    process.exitCode = signal ? 128 + constants.signals[signal] : code;
  });
}

const [command, ...args] = process.argv.slice(2);
if (!isAtLeast(OLDEST_TO_BEGIN)) fail(`Onceline needs Node 20 or newer to begin with; this is ${process.version}.`);
if (!command || !/^[a-z][a-z-]*$/.test(command)) fail('Usage: node tools/bootstrap.mjs <command> [arguments]');
install();
const node = nodeToRun();
build(node);
const script = join(root, 'tools', 'dist', `${command}.js`);
if (!existsSync(script)) fail(`There is no command "${command}": see the scripts in package.json.`);
hand(node, script, args);
