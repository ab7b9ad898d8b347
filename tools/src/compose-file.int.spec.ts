import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PORTS } from './compose-engine.js';
import { repositoryRoot } from './repository-root.js';

const read = (path: string): string => readFileSync(join(repositoryRoot(), path), 'utf8');

/** `8080 INGRESS_PORT` of every port that the compose file publishes. */
function published(): string[] {
  const entries = [...read('docker-compose.yml').matchAll(/^ +ports: \[(.*)\]$/gm)].flatMap(([, list = '']) =>
    list.split(',').map((entry) => entry.trim()),
  );
  return entries.map((entry) => {
    const [, setting, port] = /^'127\.0\.0\.1:\$\{([A-Z]+_PORT):-(\d+)\}:\d+'$/.exec(entry) ?? [];
    return setting ? `${port} ${setting}` : `not on loopback, or not to be moved: ${entry}`;
  });
}

describe('docker-compose.yml', () => {
  it('publishes the documented ports on loopback and no other', () => {
    const documented = [...read('docs/containers.md').matchAll(/^\| (\d+) \|.*\| `([A-Z]+_PORT)` \|$/gm)].map(
      ([, port, setting]) => `${port} ${setting}`,
    );
    expect(published().sort()).toEqual([...documented].sort());
    expect(documented).toHaveLength(10);
    expect([...read('docker-compose.yml').matchAll(/^ +ports:/gm)]).toHaveLength(documented.length);
  });

  it('is where the commands look for it', () => {
    const file = read('docker-compose.yml');
    for (const [part, [setting, port]] of Object.entries(PORTS)) {
      const [, section = ''] = new RegExp(`^  ${part}:\\n((?:    .*\\n|\\n)*)`, 'm').exec(file) ?? [];
      expect([part, section]).toEqual([part, expect.stringContaining(`'127.0.0.1:\${${setting}:-${port}}:`)]);
    }
    expect(Object.keys(PORTS)).toHaveLength(published().length);
  });
});
