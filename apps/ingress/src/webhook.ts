import { runWebhookCommand } from './registration/command/run.js';

/** The registration of the bots from a shell: `npm run webhook`, or this program in a container of the ingress. */
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => interrupted.abort());

process.exitCode = await runWebhookCommand(process.argv.slice(2), undefined, {
  print: (line) => console.log(line),
  complain: (line) => console.error(line),
  signal: interrupted.signal,
});
