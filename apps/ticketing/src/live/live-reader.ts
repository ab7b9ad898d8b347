import type { LiveFeed } from './live-feed.js';
import { encodePosition, isBefore, type Position } from './position.js';
import type { LiveEvent, ReadEvents } from './read-events.js';

/** Which events somebody wants to hear of; all without one. */
export interface LiveFilter {
  readonly bot?: string | undefined;
  readonly ticket?: string | undefined;
}

export interface LiveReaderOptions {
  readonly feed: Pick<LiveFeed, 'after' | 'changed'>;
  /** For what the feed no longer holds. */
  readonly read: ReadEvents;
  /** Something is sent that often at least. */
  readonly heartbeatMs: number;
}

/** One who follows the events from a position on. Nothing is kept for him: what he has not taken yet is read when he asks for it. */
export class LiveReader {
  private heardAt = performance.now();

  constructor(
    private readonly options: LiveReaderOptions,
    private readonly filter: LiveFilter,
    private position: Position,
  ) {}

  /** Waits until there is something to send: events, or a sign of life. Empty once he is gone. */
  async next(gone: AbortSignal): Promise<string> {
    const { feed, read, heartbeatMs } = this.options;
    while (!gone.aborted) {
      const held = feed.after(this.position);
      const page = held ?? (await read(this.position));
      if (isBefore(this.position, page.end)) this.position = page.end;
      const texts = page.events.filter((event) => this.isWanted(event)).map(({ text }) => text);
      if (texts.length > 0) return this.told(texts.join(''));
      const restMs = this.heardAt + heartbeatMs - performance.now();
      if (restMs <= 0) return this.told(`: nothing happened\n${this.mark()}`);
      // While a page was read the feed went on: what came meanwhile wakes nobody any more.
      if (held !== undefined && !page.more) await feed.changed(restMs, gone);
    }
    return '';
  }

  /** Where he stands: the client hands it back when it comes again, without being told of an event. */
  mark(): string {
    return `id: ${encodePosition(this.position)}\n\n`;
  }

  private told(text: string): string {
    this.heardAt = performance.now();
    return text;
  }

  private isWanted({ ticketId, botId }: LiveEvent): boolean {
    const { bot, ticket } = this.filter;
    return (ticket === undefined || ticket === ticketId) && (bot === undefined || bot === botId);
  }
}
