import { createServer } from 'node:net';

const HOST = '127.0.0.1';

// Below the range from which systems take the local ports of outgoing connections (32768 and up on Linux, 49152 and up
// elsewhere) and below Kubernetes' node ports: while a server is down, no client can be given its port, so that it
// comes back on the same one, and no client that retries can connect to itself.
const LOWEST = 20_000;
const COUNT = 10_000;

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: HOST, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A port of 127.0.0.1 on which nothing listens. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = LOWEST + Math.floor(Math.random() * COUNT);
    if (await isFree(port)) return port;
  }
  throw new Error(`No free port found between ${LOWEST} and ${LOWEST + COUNT - 1}.`);
}

/** The port that the user fixed, if it is free, else any free one. */
export async function claimPort(purpose: string, fixed: number | undefined): Promise<number> {
  if (fixed === undefined) return freePort();
  if (await isFree(fixed)) return fixed;
  throw new Error(
    `Port ${fixed} for ${purpose} is already in use on ${HOST}: stop what listens there, or choose another port.`,
  );
}
