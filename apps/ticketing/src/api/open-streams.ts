import type { Readable } from 'node:stream';
import { Problem } from '@onceline/service-kit';

/** Answers that are still being sent. What nobody reads would hold up the stop, so the stop ends them. */
export class OpenStreams {
  private readonly open = new Set<Readable>();
  private isOver = false;

  /** Answers the same stream. @throws Problem 503 after the end: what nobody will end must not begin */
  add<Stream extends Readable>(stream: Stream): Stream {
    if (this.isOver) {
      stream.destroy();
      throw new Problem(503, { title: 'Service Unavailable', detail: 'The service stops.', fix: 'Ask again.' });
    }
    this.open.add(stream);
    stream.once('close', () => this.open.delete(stream));
    return stream;
  }

  end(): void {
    this.isOver = true;
    for (const stream of this.open) stream.destroy(new Error('The service stops.'));
  }
}
