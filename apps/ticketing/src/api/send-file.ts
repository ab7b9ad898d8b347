import type { Readable } from 'node:stream';

/** A reply that is sent by hand, as a stream has to be. */
export interface StreamReply {
  headers(values: Readonly<Record<string, string>>): { send(stream?: Readable): unknown };
}

export interface AnyRequest {
  readonly method: string;
}

/** HEAD comes to the same handlers as GET, and would read to the end what nobody is sent. */
export const isForHead = ({ method }: AnyRequest): boolean => method === 'HEAD';

export interface SentFile {
  readonly name: string;
  /** Media type, with its parameters. */
  readonly type: string;
  readonly open: () => Promise<Readable>;
}

/** Sends a stream to be kept as a file, by nobody on the way. */
export async function sendFile(
  { request, reply }: { request: AnyRequest; reply: StreamReply },
  { name, type, open }: SentFile,
): Promise<void> {
  const stream = isForHead(request) ? undefined : await open();
  reply
    .headers({
      'content-type': type,
      'content-disposition': `attachment; filename="${name}"`,
      'cache-control': 'no-store',
    })
    .send(stream);
}
