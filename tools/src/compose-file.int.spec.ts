import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostPort } from './compose-engine.js';
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
    const parts = [
      'ingress',
      'dedupe',
      'ticketing',
      'retry',
      'kafka',
      'postgres',
      'jaeger',
      'prometheus',
      'alertmanager',
      'grafana',
    ] as const;
    const looked = parts.map((part) => hostPort(part).split(':')[1]);
    expect(
      published()
        .map((entry) => entry.split(' ')[0])
        .sort(),
    ).toEqual(looked.sort());
  });
});
