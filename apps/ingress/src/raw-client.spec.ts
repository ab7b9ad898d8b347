// A client that shows the bytes: no HTTP library stands between a test and what the ingress really sent.
import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly statusLine: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export class RawClient {
  #received = Buffer.alloc(0);
  #ended = false;
  /** Whether the connection ended in an error instead of a FIN: a slower network would have lost the answer then. */
  wasReset = false;
  #wake: () => void = () => undefined;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    socket.on('error', () => (this.wasReset = true));
    socket.on('close', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  static async connect(url: string): Promise<RawClient> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    const client = new RawClient(socket);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return client;
  }

  write(bytes: string | Buffer): void {
    this.socket.write(bytes);
  }

  /** The next whole answer on this connection. */
  async answer(): Promise<RawAnswer> {
    for (;;) {
      const answer = this.#takeAnswer();
      if (answer) return answer;
      if (this.#ended) throw new Error(`connection closed after ${JSON.stringify(this.#received.toString())}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Resolves when the other side has closed, with what it had sent besides whole answers. */
  async closed(): Promise<string> {
    while (!this.#ended) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#received.toString('latin1');
  }

  get isOpen(): boolean {
    return !this.#ended;
  }

  destroy(): void {
    this.socket.destroy();
  }

  #takeAnswer(): RawAnswer | undefined {
    const end = this.#received.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const [statusLine = '', ...lines] = this.#received.subarray(0, end).toString('latin1').split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const bodyEnd = end + 4 + Number(headers['content-length'] ?? 0);
    if (this.#received.length < bodyEnd) return undefined;
    const body = this.#received.subarray(end + 4, bodyEnd).toString('utf8');
    this.#received = this.#received.subarray(bodyEnd);
    return { status: Number(statusLine.split(' ')[1]), statusLine, headers, body };
  }
}

export interface RawPost {
  readonly bot?: string;
  readonly method?: string;
  readonly secret?: string | undefined;
  readonly type?: string | undefined;
  /** Content-Length as sent, whatever the body has. */
  readonly length?: number | undefined;
  readonly extra?: readonly string[];
}

/** The head as Telegram writes it: same headers, same order. */
export function postHead(bytes: number, post: RawPost = {}): string {
  const { bot = '1000001', method = 'POST', extra = [] } = post;
  const secret = 'secret' in post ? post.secret : 'current';
  const type = 'type' in post ? post.type : 'application/json';
  const length = 'length' in post ? post.length : bytes;
  return [
    `${method} /telegram/${bot} HTTP/1.1`,
    'Host: ingress.test',
    ...(secret === undefined ? [] : [`X-Telegram-Bot-Api-Secret-Token: ${secret}`]),
    ...(type === undefined ? [] : [`Content-Type: ${type}`]),
    ...(length === undefined ? [] : [`Content-Length: ${length}`]),
    'Connection: keep-alive',
    'Accept-Encoding: gzip, deflate',
    ...extra,
    '\r\n',
  ].join('\r\n');
}

export function postBytes(body: string | Buffer, post: RawPost = {}): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([Buffer.from(postHead(bytes.length, post), 'latin1'), bytes]);
}
