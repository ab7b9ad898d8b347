import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exclusively, installFolder, unlessAtWork } from './cache.js';
import { findJava, findMaven } from './java.js';
import type { Java } from './java.js';
import { KAFKA_VERSION, LOG4J2_XML, POM_XML } from './kafka-settings.js';
import type { Reaper } from './reaper.js';
import { runToEnd } from './supervised-process.js';

/** A Kafka that can be started: a Java runtime, the jars, and, when it could be made, the archive of loaded classes. */
export interface KafkaDistribution {
  readonly java: Java;
  readonly jars: string;
  /** Halves the start of the JVM. */
  readonly classArchive?: string;
}

/** Starts a throwaway broker that records its classes in the named file, and stops it. */
export type ArchiveMaker = (distribution: KafkaDistribution, archive: string) => Promise<void>;

/** What installing needs from outside. */
export interface InstallOptions {
  readonly cache: string;
  readonly reaper: Reaper;
  readonly onProgress: (line: string) => void;
  readonly makeArchive: ArchiveMaker;
}

/** Arguments of the JVM, up to and without the settings file. */
export function jvmArguments(distribution: KafkaDistribution, heap: string, archiveTo?: string): string[] {
  const archive =
    archiveTo === undefined
      ? distribution.classArchive && `-XX:SharedArchiveFile=${distribution.classArchive}`
      : `-XX:ArchiveClassesAtExit=${archiveTo}`;
  return [
    `-Xmx${heap}`,
    '-XX:TieredStopAtLevel=1',
    '-XX:+UseSerialGC',
    ...(archive ? [archive] : []),
    '-Djava.awt.headless=true',
    '-cp',
    join(distribution.jars, '*'),
  ];
}

async function fetchJars(folder: string, reaper: Reaper): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'onceline-maven-'));
  try {
    await writeFile(join(work, 'pom.xml'), POM_XML);
    await runToEnd(
      {
        command: findMaven(),
        args: ['-B', '-q', 'dependency:copy-dependencies', `-DoutputDirectory=${folder}`],
        cwd: work,
        logFile: join(work, 'maven.log'),
        stopSignal: 'SIGTERM',
      },
      reaper,
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  await writeFile(join(folder, 'log4j2.xml'), LOG4J2_XML);
}

// The archive belongs to this build of the JVM and to these jars where they lie.
function archiveFile(folder: string, java: Java): string {
  const build = createHash('sha256').update(`${java.build}\n${folder}`).digest('hex').slice(0, 16);
  return join(folder, `classes-${build}.jsa`);
}

async function makeArchiveOnce(distribution: KafkaDistribution, archive: string, options: InstallOptions) {
  const draft = `${archive}.${process.pid}`;
  try {
    options.onProgress('Preparing Kafka for fast starts (once) …');
    await options.makeArchive(distribution, draft);
    await rename(draft, archive);
  } catch (error) {
    // Without it every start takes a second longer, and works.
    options.onProgress(`Could not prepare it, Kafka starts more slowly: ${(error as Error).message.split('\n')[0]}`);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Finds or fetches what an embedded broker needs. Safe to call from several processes at once. */
export async function installKafka(options: InstallOptions): Promise<KafkaDistribution> {
  const java = await findJava();
  const folder = join(options.cache, `kafka-${KAFKA_VERSION}`);
  const jars = join(folder, 'jars');
  await mkdir(folder, { recursive: true });
  if (!existsSync(jars)) {
    findMaven();
    const fetch = async () => {
      if (existsSync(jars)) return;
      options.onProgress(`Fetching Apache Kafka ${KAFKA_VERSION} with Maven (once, about 45 MB) …`);
      await installFolder(jars, (draft) => fetchJars(draft, options.reaper));
    };
    await exclusively(join(folder, 'install.lock'), fetch);
  }
  const distribution: KafkaDistribution = { java, jars };
  const classArchive = archiveFile(folder, java);
  if (!existsSync(classArchive)) {
    // Another process at work on it is not waited for: this start is merely slower.
    const make = () => makeArchiveOnce(distribution, classArchive, options);
    await unlessAtWork(`${classArchive}.lock`, make);
  }
  return existsSync(classArchive) ? { ...distribution, classArchive } : distribution;
}
