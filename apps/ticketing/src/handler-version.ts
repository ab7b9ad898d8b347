import { createRequire } from 'node:module';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

/** Which version of the rules failed: the same failure of another version is another group of dead letters. */
export const HANDLER_VERSION = version;
