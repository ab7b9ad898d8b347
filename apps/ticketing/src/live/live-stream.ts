import { Readable } from 'node:stream';
import type { LiveReader } from './live-reader.js';

/** How long a client waits that was cut off before it comes again. */
const RETRY_MS = 2000;
/** Bytes that are made ahead of what the connection takes. */
const AHEAD_BYTES = 16 * 1024;

/**
 * A connection that follows. It is destroyed at once whatever its reader waits for: a stream made of a generator would wait for that
 * with its end, and the stop of the service with it.
 */
export class LiveStream extends Readable {
  private readonly gone = new AbortController();
  private stalled: NodeJS.Timeout | undefined;

  constructor(
    private readonly reader: Pick<LiveReader, 'next' | 'mark'>,
    private readonly stalledMs: number,
  ) {
    super({ highWaterMark: AHEAD_BYTES });
    this.push(`retry: ${RETRY_MS}\n${reader.mark()}`);
  }

  override _read(): void {
    clearTimeout(this.stalled);
    void this.sendNext();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.stalled);
    this.gone.abort();
    done(error);
  }

  private async sendNext(): Promise<void> {
    try {
      const text = await this.reader.next(this.gone.signal);
      if (this.gone.signal.aborted) return;
      // Whoever takes nothing for so long is not there any more, or cannot keep up: he comes again and goes on where he was.
      this.stalled = setTimeout(() => this.destroy(new Error('The reader takes nothing.')), this.stalledMs);
      this.push(text);
    } catch (error) {
      this.destroy(error as Error);
    }
  }
}
