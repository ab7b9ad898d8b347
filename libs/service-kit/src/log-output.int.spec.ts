import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { buildLibrary } from './probe-process.spec.js';

const library = pathToFileURL(fileURLToPath(new URL('../dist/index.js', import.meta.url))).href;

const head = `const { createLogger, logTogether } = await import(${JSON.stringify(library)}); const log = createLogger('spec', 'info');`;

/** Standard output of a process that ends as soon as it has run this. */
async function outputOf(program: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', `${head}${program}`], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { msg: string }).msg);
}

beforeAll(buildLibrary, 120_000);

describe('lines that are written together', () => {
  it('come whole and in order, also more than a pipe holds, and before a process that kills itself is gone', async () => {
    const lines = await outputOf(`
      log.info('before');
      logTogether(() => { for (let n = 0; n < 5000; n += 1) log.info({ filler: 'x'.repeat(200) }, 'line ' + n); });
      log.info('after');
      process.reallyExit(0);`);
    expect(lines).toEqual(['before', ...Array.from({ length: 5000 }, (_, n) => `line ${n}`), 'after']);
  });

  it('end with a reader who goes, and the process goes on', async () => {
    const program = `
      for (let n = 0; n < 3; n += 1) { logTogether(() => { for (let k = 0; k < 2000; k += 1) log.info('line'); }); await new Promise((r) => setTimeout(r, 50)); }
      process.stderr.write('went on');`;
    const child = execFile(process.execPath, ['--input-type=module', '-e', head + program]);
    let said = '';
    child.stderr?.on('data', (chunk: string) => (said += chunk));
    child.stdout?.once('data', () => child.stdout?.destroy());
    const [code] = (await once(child, 'close')) as [number | null];
    expect([code, said]).toEqual([0, 'went on']);
  });

  it('come also when the work that wrote them fails', async () => {
    const lines = await outputOf(`
      try { logTogether(() => { log.info('one'); logTogether(() => log.info('two')); throw new Error('no'); }); }
      catch (error) { log.info(error.message); }`);
    expect(lines).toEqual(['one', 'two', 'no']);
  });
});
