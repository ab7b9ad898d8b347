import { destination } from 'pino';

const STDOUT = 1;

/** What pino writes to. Every line leaves at once; those of one {@link logTogether} leave in one piece. */
class LogOutput {
  // pino's default writes later: the last lines before an exit then come out of order, and a killed process loses them.
  private readonly standardOutput = destination({ fd: STDOUT, sync: true });
  private held: string | undefined;

  write(line: string): void {
    if (this.held === undefined) this.standardOutput.write(line);
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
      if (lines !== '') this.standardOutput.write(lines);
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
