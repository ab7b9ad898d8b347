/** Reads server-sent events as a browser does. */

export interface Told {
  readonly id: string;
  readonly event: string;
  readonly data: { readonly ticketId: string; readonly version: number } & Readonly<Record<string, unknown>>;
}

/** What came so far of one stream. */
export class EventSource {
  readonly events: Told[] = [];
  readonly comments: string[] = [];
  /** As a browser hands it back. */
  lastEventId = '';
  /** Resolves when the stream ends, however it ends. */
  readonly ended: Promise<void>;
  private rest = '';

  constructor(chunks: AsyncIterable<Uint8Array | string>) {
    this.ended = this.read(chunks).catch(() => undefined);
  }

  /** What is told of an event, in short. */
  get heard(): (readonly [ticketId: string, version: number])[] {
    return this.events.map(({ data }) => [data.ticketId, data.version] as const);
  }

  private async read(chunks: AsyncIterable<Uint8Array | string>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of chunks) {
      this.rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
      const blocks = this.rest.split('\n\n');
      this.rest = blocks.pop() ?? '';
      for (const block of blocks) this.take(block);
    }
  }

  private take(block: string): void {
    const fields = new Map<string, string>();
    for (const line of block.split('\n')) {
      if (line.startsWith(':')) this.comments.push(line.slice(1).trim());
      else fields.set(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trimStart());
    }
    this.lastEventId = fields.get('id') ?? this.lastEventId;
    const data = fields.get('data');
    if (data === undefined) return;
    const event = fields.get('event') ?? 'message';
    this.events.push({ id: this.lastEventId, event, data: JSON.parse(data) as Told['data'] });
  }
}
