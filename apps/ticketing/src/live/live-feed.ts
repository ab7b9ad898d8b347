import { WakeUp } from '../outbox/wake-up.js';
import { isBefore, type Position } from './position.js';
import type { EventsPage, LiveEvent, ReadEvents } from './read-events.js';

export interface LiveFeedOptions {
  readonly read: ReadEvents;
  readonly now: () => Promise<Position>;
  readonly onFailure: (error: unknown) => void;
}

/** What an agent sees of others' work may be that much behind it. */
const POLL_MS = 250;
const AFTER_FAILURE_MS = 1000;
/** Events that are held for all readers; who is behind them reads pages of his own. */
const WINDOW_EVENTS = 2000;
/** Handed out at once, so that a reader never holds more than that. */
const AT_ONCE = 500;

/** The latest events, read once for all who follow them, and only while somebody does. */
export class LiveFeed {
  private readers = 0;
  private beginning: Promise<void> | undefined;
  private following: Promise<void> | undefined;
  private window: readonly LiveEvent[] = [];
  /** The window holds all events after the first position and up to the second. */
  private bounds: { readonly start: Position; readonly end: Position } | undefined;
  private readonly rest = new WakeUp();
  private readonly waiting = new Set<() => void>();

  constructor(private readonly options: LiveFeedOptions) {}

  /** One more reader. Answers where the events are now; each one that joined has to leave. */
  async join(): Promise<Position> {
    this.readers += 1;
    try {
      this.beginning ??= this.begin();
      await this.beginning;
      return this.end();
    } catch (error) {
      this.leave();
      throw error;
    }
  }

  leave(): void {
    this.readers -= 1;
    if (this.readers === 0) this.rest.wake();
  }

  /** Once all have left: waits for the page in hand. */
  async stop(): Promise<void> {
    await this.following;
  }

  /** Events after a position, from memory; undefined for what is no longer there. */
  after(position: Position): EventsPage | undefined {
    if (this.bounds === undefined || isBefore(position, this.bounds.start)) return undefined;
    if (!isBefore(position, this.bounds.end)) return { events: [], end: position, more: false };
    const first = this.window.findLastIndex((event) => !isBefore(position, event.position)) + 1;
    const events = this.window.slice(first, first + AT_ONCE);
    const more = first + AT_ONCE < this.window.length;
    return { events, end: (more && events.at(-1)?.position) || this.bounds.end, more };
  }

  /** Resolves when there is more to read, when the time is over, or when the reader is gone. */
  changed(longestMs: number, gone: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.waiting.delete(done);
        gone.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, longestMs);
      this.waiting.add(done);
      gone.addEventListener('abort', done);
      if (gone.aborted) done();
    });
  }

  private end(): Position {
    if (this.bounds === undefined) throw new Error('the feed is not being read');
    return this.bounds.end;
  }

  private async begin(): Promise<void> {
    try {
      const now = await this.options.now();
      this.window = [];
      this.bounds = { start: now, end: now };
      this.following = this.follow();
    } catch (error) {
      this.beginning = undefined;
      throw error;
    }
  }

  private async follow(): Promise<void> {
    await this.rest.rest(POLL_MS);
    while (this.readers > 0) {
      const restMs = await this.readOn();
      if (restMs > 0) await this.rest.rest(restMs);
    }
    // Nothing is awaited in between: who joins from now on begins anew.
    this.beginning = undefined;
    this.bounds = undefined;
  }

  /** Answers how long to rest. While the database is away readers wait, and miss nothing. */
  private async readOn(): Promise<number> {
    try {
      const page = await this.options.read(this.end());
      this.take(page);
      return page.more ? 0 : POLL_MS;
    } catch (error) {
      this.options.onFailure(error);
      return AFTER_FAILURE_MS;
    }
  }

  private take({ events, end }: EventsPage): void {
    const all = events.length === 0 ? this.window : [...this.window, ...events];
    const dropped = all.at(-WINDOW_EVENTS - 1);
    this.window = dropped === undefined ? all : all.slice(-WINDOW_EVENTS);
    this.bounds = { start: dropped?.position ?? this.bounds?.start ?? end, end };
    if (events.length > 0) for (const wake of [...this.waiting]) wake();
  }
}
