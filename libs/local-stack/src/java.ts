import { execFile } from 'node:child_process';
import { accessSync, constants, readFileSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const OLDEST_JAVA = 17;

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function findOnPath(command: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, command)).find(isExecutable);
}

function missing(what: string): Error {
  return new Error(
    `The embedded Kafka broker needs Java ${OLDEST_JAVA} or newer and Maven, and ${what}: ` +
      'install them (on Debian and Ubuntu: apt-get install openjdk-17-jre-headless maven), ' +
      'or run everything in containers with `docker compose up`.',
  );
}

/** A Java runtime. */
export interface Java {
  readonly command: string;
  /** Changes when the runtime does: class archives belong to one build. */
  readonly build: string;
}

async function describe(command: string): Promise<string> {
  // A runtime tells its version in a file; to ask it would cost the start of a JVM.
  try {
    return readFileSync(join(dirname(dirname(realpathSync(command))), 'release'), 'utf8');
  } catch {
    const { stderr } = await promisify(execFile)(command, ['-version']);
    return stderr;
  }
}

/** The major version in a runtime's `release` file or in the output of `java -version`. */
export function javaMajor(description: string): number | undefined {
  const version = /(?:JAVA_VERSION=|version )"(?:1\.)?(\d+)/.exec(description)?.[1];
  return version === undefined ? undefined : Number(version);
}

/** Finds Java by JAVA_HOME, else on the PATH. */
export async function findJava(): Promise<Java> {
  const home = process.env['JAVA_HOME'];
  const ofHome = home ? join(home, 'bin', 'java') : undefined;
  const command = ofHome !== undefined && isExecutable(ofHome) ? ofHome : findOnPath('java');
  if (command === undefined) throw missing('`java` was not found');
  const description = await describe(command).catch(() => '');
  const major = javaMajor(description);
  if (major === undefined) throw missing(`${command} does not tell its version`);
  if (major < OLDEST_JAVA) throw missing(`${command} is Java ${major}`);
  return { command, build: `${realpathSync(command)}\n${description}` };
}

/** Finds Maven on the PATH. */
export function findMaven(): string {
  const command = findOnPath('mvn');
  if (command === undefined) throw missing('`mvn` was not found');
  return command;
}
