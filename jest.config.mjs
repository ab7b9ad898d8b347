import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

// Where the nx targets let jest write its counts: jest does not make the folder, and a fresh clone has none.
mkdirSync(join(import.meta.dirname, '.onceline', 'tests'), { recursive: true });

// One configuration for every project: the root folder and the price of the specs (unit, int, e2e) come from the nx target.
export default {
  testEnvironment: 'node',
  // Libraries are taken from their sources, so that a test never meets a stale build.
  testEnvironmentOptions: { customExportConditions: ['@onceline/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        module: { type: 'es6' },
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
      },
    ],
  },
};
