import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

const HEAD_END = Buffer.from('\r\n\r\n');

/** One keep-alive connection that sends one request after the other, with as little work of its own as can be. */
export class HttpLane {
  private unread: Buffer = Buffer.alloc(0);
  private settle: { resolve: (status: number) => void; reject: (error: Error) => void } | undefined;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.receive(chunk));
    socket.on('error', (error) => this.settle?.reject(error));
    socket.on('close', () => this.settle?.reject(new Error('the server closed the connection')));
  }

  static async open(host: string, port: number): Promise<HttpLane> {
    const socket = connect(port, host);
    await once(socket, 'connect');
    return new HttpLane(socket);
  }

  /** Sends one request and answers the status of its response. Never call it twice at once. */
  send(request: Buffer): Promise<number> {
    return new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
      this.socket.write(request);
    });
  }

  close(): void {
    this.settle = undefined;
    this.socket.destroy();
  }

  private receive(chunk: Buffer): void {
    this.unread = this.unread.length === 0 ? chunk : Buffer.concat([this.unread, chunk]);
    const headEnd = this.unread.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = this.unread.toString('latin1', 0, headEnd);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head);
    if (!length) return this.settle?.reject(new Error(`a response without Content-Length:\n${head}`));
    const end = headEnd + HEAD_END.length + Number(length[1]);
    if (this.unread.length < end) return;
    this.unread = this.unread.subarray(end);
    this.settle?.resolve(Number(head.slice(9, 12)));
  }
}
