import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Access } from './access.js';
import type { Credentials } from './demo-credentials.js';
import { repositoryRoot } from './repository-root.js';

/** Targets of the Dockerfile, each an image `onceline/<target>`. */
export const IMAGES = ['setup', 'ingress', 'dedupe', 'ticketing', 'retry'] as const;

/** Ports on loopback and the settings that move them, as docker-compose.yml has them. */
export const PORTS = {
  ingress: ['INGRESS_PORT', 8080],
  dedupe: ['DEDUPE_PORT', 8081],
  ticketing: ['TICKETING_PORT', 8082],
  retry: ['RETRY_PORT', 8083],
  kafka: ['KAFKA_PORT', 29092],
  postgres: ['POSTGRES_PORT', 25432],
  jaeger: ['JAEGER_PORT', 16686],
  prometheus: ['PROMETHEUS_PORT', 9090],
  alertmanager: ['ALERTMANAGER_PORT', 9093],
  grafana: ['GRAFANA_PORT', 3000],
} as const;
type Part = keyof typeof PORTS;

/** Updates pass through these, so no system is without them. */
const SERVICES = ['ingress', 'dedupe', 'ticketing', 'retry'] as const;

const READY_WITHIN_MS = 180_000;

/** Where a part of the compose system listens, e.g. `127.0.0.1:8080`. */
export function hostPort(part: Part): string {
  const [setting, standard] = PORTS[part];
  return `127.0.0.1:${process.env[setting] ?? standard}`;
}

/** A run of docker-compose.yml under a project name of its own. */
export class ComposeSystem {
  private readonly root = repositoryRoot();
  private readonly docker = process.env['DOCKER'] ?? 'docker';
  private readonly compose: readonly string[];

  constructor(
    private readonly project: string,
    private readonly without: readonly string[] = [],
  ) {
    this.compose = composeCommand(this.docker);
  }

  /** Builds the images with BuildKit. An authority of this machine's network reaches npm as a secret, and stays out of the images. */
  async build(): Promise<void> {
    const authority = process.env['NODE_EXTRA_CA_CERTS'];
    const { version } = JSON.parse(readFileSync(join(this.root, 'package.json'), 'utf8')) as { version: string };
    for (const image of IMAGES) {
      console.log(`building onceline/${image}`);
      await this.run(this.docker, [
        'build',
        ...['--quiet', '--target', image, '--tag', `onceline/${image}:${process.env['ONCELINE_VERSION'] ?? 'local'}`],
        ...['--build-arg', `VERSION=${version}`, '--build-arg', `REVISION=${this.revision()}`],
        ...(authority ? ['--secret', `id=ca,src=${authority}`] : []),
        '.',
      ]);
    }
  }

  /** Starts everything in its order and waits until the four services are ready. */
  async up(): Promise<void> {
    await this.runCompose(['up', '-d', '--no-build', ...this.parts()]);
    const deadline = Date.now() + READY_WITHIN_MS;
    for (const service of SERVICES) await untilReady(service, deadline);
  }

  /** How to reach it, as `.onceline/access.json` says it. */
  access(): Access {
    const show = ['run', '--rm', '--no-deps', '-T', 'credentials', 'tools/dist/compose-credentials.js', '--show'];
    const { bots, tokens, password } = JSON.parse(this.capture(show)) as Credentials & { password: string };
    const urlOf = (service: Part): string => `http://${hostPort(service)}`;
    return {
      ingress: urlOf('ingress'),
      dedupe: urlOf('dedupe'),
      ticketing: urlOf('ticketing'),
      retry: urlOf('retry'),
      kafka: [hostPort('kafka')],
      database: `postgres://onceline:${password}@${hostPort('postgres')}/onceline`,
      bots,
      tokens,
      pids: {},
    };
  }

  /** The last lines of every part, for whoever must find out why it did not work. */
  async logs(): Promise<void> {
    await this.runCompose(['ps']);
    await this.runCompose(['logs', '--no-color', '--tail=15']);
  }

  async down(options: { readonly volumes: boolean }): Promise<void> {
    await this.runCompose(['down', '--remove-orphans', ...(options.volumes ? ['--volumes'] : [])]);
  }

  /** All services by name when some are left out: compose has no option for it. */
  private parts(): string[] {
    if (this.without.length === 0) return [];
    const all = this.capture(['config', '--services']).trim().split('\n');
    const unknown = this.without.filter((name) => !all.includes(name));
    if (unknown.length > 0) throw new Error(`--without ${unknown.join(',')}: there are ${all.join(', ')}`);
    const needed = SERVICES.filter((name) => this.without.includes(name));
    if (needed.length > 0) throw new Error(`--without ${needed.join(',')}: leave out what stands beside the services`);
    return all.filter((name) => !this.without.includes(name));
  }

  private revision(): string {
    const { status, stdout } = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: this.root, encoding: 'utf8' });
    return status === 0 ? stdout.trim() : 'unknown';
  }

  private runCompose(args: readonly string[]): Promise<void> {
    const [program = '', ...first] = this.compose;
    return this.run(program, [...first, '--project-name', this.project, ...args]);
  }

  private capture(args: readonly string[]): string {
    const [program = '', ...first] = this.compose;
    const { status, stdout, stderr } = spawnSync(program, [...first, '--project-name', this.project, ...args], {
      cwd: this.root,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`compose ${args[0]} failed:\n${stderr}`);
    return stdout;
  }

  private async run(program: string, args: readonly string[]): Promise<void> {
    const child = spawn(program, args, {
      cwd: this.root,
      stdio: 'inherit',
      env: { ...process.env, DOCKER_BUILDKIT: '1' },
    });
    const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    if (code !== 0) throw new Error(`${program} ${args[0]} ended with ${String(code)}`);
  }
}

/** Compose as a plugin of docker, or the program of its own that it was before. */
function composeCommand(docker: string): readonly string[] {
  const answers = (program: string, ...args: string[]): boolean =>
    spawnSync(program, [...args, 'version']).status === 0;
  if (answers(docker, 'compose')) return [docker, 'compose'];
  if (answers('docker-compose')) return ['docker-compose'];
  throw new Error('neither `docker compose` nor `docker-compose` answers: install Docker with its compose plugin');
}

async function untilReady(service: Part, deadline: number): Promise<void> {
  let answer = 'no answer';
  while (Date.now() < deadline) {
    try {
      const response = await fetch(`http://${hostPort(service)}/health/ready`);
      if (response.ok) return;
      answer = await response.text();
    } catch (error) {
      answer = String(error);
    }
    await sleep(250);
  }
  throw new Error(`${service} was not ready within ${READY_WITHIN_MS / 1000} s: ${answer}`);
}
