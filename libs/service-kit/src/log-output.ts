import { writeSync } from 'node:fs';

const STDOUT = 1;
/** Until a full pipe is looked at again. */
const PAUSE_MS = 1;
const NEVER_WOKEN = new Int32Array(new SharedArrayBuffer(4));

/**
 * What pino writes to. Every line leaves at once; those of one {@link logTogether} leave in one piece. Not pino's own destination: its default
 * writes later, so that the last lines before an exit come out of order and a killed process loses them; its synchronous one stands still
 * for 100 ms whenever the pipe is full, and a batch of lines always fills it.
 */
class LogOutput {
  private held: string | undefined;
  private hasReader = true;

  write(line: string): void {
    if (this.held === undefined) this.writeNow(line);
    else this.held += line;
  }

  together(work: () => void): void {
    if (this.held !== undefined) return work();
    this.held = '';
    try {
      work();
    } finally {
      const lines = this.held;
      this.held = undefined;
      if (lines !== '') this.writeNow(lines);
    }
  }

  private writeNow(text: string): void {
    const bytes = Buffer.from(text);
    for (let at = 0; this.hasReader && at < bytes.length;) at += this.writeSome(bytes, at);
  }

  /** Answers how many bytes left; a reader who has gone is no reason to fail, as in pino's own. */
  private writeSome(bytes: Buffer, at: number): number {
    try {
      return writeSync(STDOUT, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') this.hasReader = false;
      else if (code === 'EAGAIN' || code === 'EBUSY') Atomics.wait(NEVER_WOKEN, 0, 0, PAUSE_MS);
      else throw error;
      return 0;
    }
  }
}

let opened: LogOutput | undefined;

/** The one output of this process. */
export function logOutput(): LogOutput {
  return (opened ??= new LogOutput());
}

/**
 * Writes all lines that `work` logs in one system call instead of one for each, which costs more than the line. Not for work that waits: other
 * lines would be held back too.
 */
export function logTogether(work: () => void): void {
  logOutput().together(work);
}
