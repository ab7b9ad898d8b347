import type { Readable } from 'node:stream';

/** Answers that are still being sent. What nobody reads would hold up the stop, so the stop ends them. */
export class OpenStreams {
  private readonly open = new Set<Readable>();
  private isOver = false;

  /** Answers the same stream. One that comes after the end is ended at once. */
  add<Stream extends Readable>(stream: Stream): Stream {
    this.open.add(stream);
    stream.once('close', () => this.open.delete(stream));
    if (this.isOver) stream.destroy(new Error('The service stops.'));
    return stream;
  }

  end(): void {
    this.isOver = true;
    for (const stream of this.open) stream.destroy(new Error('The service stops.'));
  }
}
