import type { Readable } from 'node:stream';
import { Problem } from '@onceline/service-kit';
import { LiveFeed } from '../live/live-feed.js';
import { LiveReader, type LiveFilter } from '../live/live-reader.js';
import { LiveStream } from '../live/live-stream.js';
import { isBefore, type Position } from '../live/position.js';
import { readEvents, readNow, type ReadEvents } from '../live/read-events.js';
import type { WithSession } from '../store/session.js';
import { answering } from './answering.js';
import type { OpenStreams } from './open-streams.js';

export interface LiveOptions {
  readonly withSession: WithSession;
  readonly streams: OpenStreams;
  /** The events could not be read on; it is tried again. */
  readonly onFailure: (error: unknown) => void;
  /** Default 15000: proxies cut off what is silent for half a minute. */
  readonly heartbeatMs?: number;
  /** Default 30000. */
  readonly stalledMs?: number;
}

/** What a client knows already, and where it said so. */
export interface Known {
  readonly position: Position;
  readonly field: string;
}

const HEARTBEAT_MS = 15_000;
const STALLED_MS = 30_000;

/** Events of tickets as they happen, as streams that can be taken up again. */
export class Live {
  private readonly feed: LiveFeed;
  private readonly read: ReadEvents;
  private readonly now: () => Promise<Position>;

  constructor(private readonly options: LiveOptions) {
    const { withSession, onFailure } = options;
    this.read = (after) => readEvents(withSession, after);
    this.now = () => readNow(withSession);
    this.feed = new LiveFeed({ read: this.read, now: this.now, onFailure });
  }

  /** Behind what is known, or from now on. */
  async open(filter: LiveFilter, known?: Known): Promise<Readable> {
    const { streams, heartbeatMs = HEARTBEAT_MS, stalledMs = STALLED_MS } = this.options;
    const now = await answering(this.feed.join());
    try {
      if (known) await this.refuseFuture(known, now);
      const options = { feed: this.feed, read: this.read, heartbeatMs };
      const reader = new LiveReader(options, filter, known?.position ?? now);
      const stream = streams.add(new LiveStream(reader, stalledMs));
      stream.once('close', () => this.feed.leave());
      return stream;
    } catch (error) {
      this.feed.leave();
      throw error;
    }
  }

  /** Once all streams have ended. */
  stop(): Promise<void> {
    return this.feed.stop();
  }

  /** What another instance has told may be ahead of what this one has read, but of nobody's. Waiting for it would be silence for ever. */
  private async refuseFuture({ position, field }: Known, readTo: Position): Promise<void> {
    if (!isBefore(readTo, position) || !isBefore(await answering(this.now()), position)) return;
    throw new Problem(400, {
      title: 'Bad Request',
      detail: `${field}: no event of this stream has this id yet`,
      field,
      fix: 'Leave it out to begin now, and read anew what is on the screen.',
    });
  }
}
