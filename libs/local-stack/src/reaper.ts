import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

// Reads "watch SIGNAL PID" and "forget - PID". The end of its input means that the parent is gone, by whatever death:
// a pipe is closed by the kernel, so not even SIGKILL of the parent is missed.
const SCRIPT = `
watched=
while read -r verb signal pid; do
  if [ "$verb" = watch ]; then watched="$watched $signal:$pid"; continue; fi
  kept=
  for entry in $watched; do [ "\${entry#*:}" = "$pid" ] || kept="$kept $entry"; done
  watched=$kept
done
for entry in $watched; do kill -"\${entry%%:*}" "\${entry#*:}" 2>/dev/null; done
tries=0
while [ $tries -lt 50 ]; do
  alive=
  for entry in $watched; do kill -0 "\${entry#*:}" 2>/dev/null && alive=yes; done
  [ -z "$alive" ] && break
  sleep 0.1; tries=$((tries + 1))
done
for entry in $watched; do kill -KILL "\${entry#*:}" 2>/dev/null; done
if [ -n "$1" ]; then rm -rf -- "$1" || { sleep 1; rm -rf -- "$1"; }; fi
`;

/** Ends the watched processes when this process dies without having done so itself. */
export interface Reaper {
  watch(pid: number, signal: NodeJS.Signals): void;
  forget(pid: number): void;
  /** Nothing is left to watch: the reaper itself goes. */
  dismiss(): void;
}

/**
 * Starts the reaper: one small shell per stack, in a session of its own so that Ctrl-C in the terminal does not reach it.
 * A throwaway folder is removed after the processes in it.
 */
export function startReaper(throwawayFolder?: string): Reaper {
  const shell: ChildProcess = spawn('/bin/sh', ['-c', SCRIPT, 'onceline-reaper', throwawayFolder ?? ''], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // Without a shell there is no reaper, but the stack works: stop() still ends everything.
  shell.on('error', () => undefined);
  shell.stdin?.on('error', () => undefined);
  shell.unref();
  const tell = (line: string) => shell.stdin?.write(`${line}\n`);
  return {
    watch: (pid, signal) => tell(`watch ${signal.replace('SIG', '')} ${pid}`),
    forget: (pid) => tell(`forget - ${pid}`),
    dismiss: () => shell.kill('SIGKILL'),
  };
}
