// Puts together what one image holds, inside the build stage: node assemble.mjs <out> <workspace folder or program>…
// Each workspace, or each program (a built file and what it imports), with its production dependencies, and nothing that a
// running program does not load.
// Every time stamp is SOURCE_DATE_EPOCH (0 when unset), so that the same sources give the same layer.
import {
  cpSync,
  existsSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

const root = process.cwd();
const [out, ...wanted] = process.argv.slice(2);
if (!out || wanted.length === 0) throw new Error('usage: node assemble.mjs <out> <workspace folder or program>…');
const programs = wanted.filter((path) => path.endsWith('.js'));
const workspaces = wanted.filter((path) => !programs.includes(path));

/** What Node loads, and what a licence asks to pass on. */
const LOADED = /\.(js|cjs|mjs|json|node|wasm)$/;
const LICENCE = /^(licen[cs]e|notice|copying|authors)/i;
/** Second copies of what is loaded, for browsers and bundlers; each is a tenth of an image or more. */
const FOR_OTHERS = [
  'typeorm/browser',
  'rxjs/src',
  'rxjs/dist/bundles',
  'rxjs/dist/esm',
  'rxjs/dist/esm5',
  'zod/src',
].map((folder) => join('node_modules', folder));

const manifestOf = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/** The folder that `name` means to a package in `from`: the nearest node_modules upwards. */
function resolve(from, name) {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (folder === root) return undefined;
  }
}

/** What a package needs at run time: peers count, unless they are optional. */
function needsOf({ dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {}, optionalDependencies = {} }) {
  const peers = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
  const optional = Object.keys(optionalDependencies);
  const required = [...Object.keys(dependencies), ...peers].filter((name) => !optional.includes(name));
  return { required, optional };
}

const IMPORT = /^(?:import|export) (?:[^'"();=]* from )?['"]([^'"]+)['"]/gm;

/** Without the part that names something inside the package. */
const packageOf = (name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/');

/** The files of the programs, and the packages that these import. */
function filesOfPrograms() {
  const files = new Set();
  const packages = new Set();
  const pending = programs.map((program) => join(root, program));
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    for (const [, name] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      if (name.startsWith('.')) pending.push(join(dirname(file), name));
      else if (!name.startsWith('node:')) packages.add(packageOf(name));
    }
  }
  return { files: [...files], packages: [...packages] };
}

/** Folders of the workspaces and of the packages they need, and the links by which workspaces find one another. */
function closure(imported) {
  const folders = new Set();
  const links = new Map();
  const pending = workspaces.map((folder) => join(root, folder));
  const need = (from, name, isOptional) => {
    const found = resolve(from, name);
    if (found === undefined && isOptional) return;
    if (found === undefined) throw new Error(`${relative(root, from)} needs ${name}, which is not installed`);
    const real = realpathSync(found);
    if (real !== found) links.set(found, real);
    pending.push(real);
  };
  imported.forEach((name) => need(root, name, false));
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    if (folders.has(folder)) continue;
    folders.add(folder);
    const { required, optional } = needsOf(manifestOf(folder));
    required.forEach((name) => need(folder, name, false));
    optional.forEach((name) => need(folder, name, true));
  }
  return { folders: [...folders].sort(), links };
}

function isWanted(source, isFolder) {
  const name = basename(source);
  if (isFolder) return name !== 'node_modules' && !FOR_OTHERS.some((folder) => source.endsWith(folder));
  return LOADED.test(name) || LICENCE.test(name);
}

function copyTree(from, to) {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    if (entry.isSymbolicLink() || !isWanted(source, entry.isDirectory())) continue;
    if (entry.isDirectory()) copyTree(source, join(to, entry.name));
    else {
      mkdirSync(to, { recursive: true });
      cpSync(source, join(to, entry.name));
    }
  }
}

/** Of our own packages only what was built. */
function copyPackage(folder) {
  const target = join(out, relative(root, folder));
  if (folder.includes('node_modules')) return copyTree(folder, target);
  copyTree(join(folder, 'dist'), join(target, 'dist'));
  cpSync(join(folder, 'package.json'), join(target, 'package.json'));
}

function stamp(path, seconds) {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) stamp(child, seconds);
    else lutimesSync(child, seconds, seconds);
  }
  lutimesSync(path, seconds, seconds);
}

const { files, packages } = filesOfPrograms();
const { folders, links } = closure(packages);
folders.forEach(copyPackage);
for (const file of [...files, ...programs.map((program) => join(root, program, '../../package.json'))]) {
  cpSync(file, join(out, relative(root, file)));
}
for (const [link, real] of links) {
  const place = join(out, relative(root, link));
  mkdirSync(dirname(place), { recursive: true });
  symlinkSync(relative(dirname(link), real), place);
}
for (const name of ['LICENSE', 'nx.json']) cpSync(join(root, name), join(out, name));
mkdirSync(join(out, 'bin'), { recursive: true });
cpSync(realpathSync(process.execPath), join(out, 'bin/node'));
cpSync(join(root, 'deploy/docker/health.mjs'), join(out, 'bin/health.mjs'));
stamp(out, Number(process.env.SOURCE_DATE_EPOCH || 0));
console.log(`${wanted.join(', ')}: ${folders.length} packages`);
