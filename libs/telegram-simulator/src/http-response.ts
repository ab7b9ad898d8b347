import { parseRetryAfter } from './back-off.js';

/** What Telegram takes from an answer. */
export interface WebhookResponse {
  status: number;
  reason: string;
  retryAfter: number;
  keepAlive: boolean;
}

/** How far the bytes received so far make an answer. */
export type ParseResult =
  | { state: 'incomplete' }
  | { state: 'complete'; response: WebhookResponse; consumed: number }
  | { state: 'broken'; reason: string };

interface Body {
  state: 'incomplete' | 'complete';
  consumed: number;
  content: Buffer;
}

const largestHead = 256 * 1024;
const largestParameters = 1024 * 1024;
const incomplete: ParseResult = { state: 'incomplete' };
const broken = (reason: string): ParseResult => ({ state: 'broken', reason });

interface Head {
  version: string;
  status: number;
  reason: string;
  headers: Map<string, string>;
}

// The code ends at the next blank, wherever that is: a status line that ends right after the code swallows the first header line.
const statusLine = /^(HTTP\/1\.[01]) ([^ ]*) ([^\r]*)\r\n/;

function parseHead(head: string): Head | undefined {
  const match = statusLine.exec(head);
  if (match === null) return undefined;
  const [line, version = '', code = '', reason = ''] = match;
  const headers = new Map<string, string>();
  for (const header of head.slice(line.length).split('\r\n')) {
    const colon = header.indexOf(':');
    if (colon > 0) headers.set(header.slice(0, colon).trim().toLowerCase(), header.slice(colon + 1).trim());
  }
  return { version, status: Number.parseInt(code, 10) || 0, reason, headers };
}

function readChunks(bytes: Buffer): Body | undefined {
  const pieces: Buffer[] = [];
  for (let offset = 0; ;) {
    const lineEnd = bytes.indexOf('\r\n', offset);
    if (lineEnd < 0) return { state: 'incomplete', consumed: 0, content: Buffer.concat(pieces) };
    const size = Number.parseInt(bytes.toString('latin1', offset, lineEnd), 16);
    if (Number.isNaN(size)) return undefined;
    const end = lineEnd + 2 + size + 2;
    if (bytes.length < end) return { state: 'incomplete', consumed: 0, content: Buffer.concat(pieces) };
    if (size === 0) return { state: 'complete', consumed: end, content: Buffer.concat(pieces) };
    pieces.push(bytes.subarray(lineEnd + 2, end - 2));
    offset = end;
  }
}

function readLength(bytes: Buffer, length: number): Body {
  const content = bytes.subarray(0, length);
  return { state: content.length < length ? 'incomplete' : 'complete', consumed: length, content };
}

/** Telegram looks at the body only for a method to run, and stumbles over some forms of it. */
function complaintAbout(body: Body, contentType: string): string | undefined {
  const type = contentType.toLowerCase();
  if (type.includes('multipart/form-data')) {
    const boundary = /boundary="?([^";]+)/i.exec(contentType)?.[1];
    if (boundary === undefined) return 'boundary not found';
    const hasPart = body.content.includes(`--${boundary}\r\n`);
    return body.state === 'complete' && !hasPart ? 'unexpected end of request content' : undefined;
  }
  const isParameters = type.includes('application/json') || type.includes('application/x-www-form-urlencoded');
  return isParameters && body.content.length > largestParameters ? 'too many parameters' : undefined;
}

function keepsAlive({ version, headers }: Head): boolean {
  const connection = headers.get('connection')?.toLowerCase();
  return version === 'HTTP/1.1' ? connection !== 'close' : connection === 'keep-alive';
}

/** Reads one answer the way Telegram's own HTTP reader does, traps included. */
export function parseResponse(bytes: Buffer): ParseResult {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if ((headEnd < 0 ? bytes.length : headEnd) > largestHead) return broken('header block too large');
  if (headEnd < 0) return incomplete;
  const head = parseHead(bytes.toString('latin1', 0, headEnd + 2));
  if (head === undefined) return broken('no HTTP/1.x status line');
  const { headers, status, reason } = head;
  const response = {
    status,
    reason,
    retryAfter: parseRetryAfter(headers.get('retry-after')),
    keepAlive: keepsAlive(head),
  };
  // Without Content-Length and chunks a body has no bytes: what follows belongs, to Telegram, to the next answer.
  const length = Number.parseInt(headers.get('content-length') ?? '0', 10) || 0;
  const transfer = headers.get('transfer-encoding')?.toLowerCase();
  if (transfer === undefined && length === 0) return { state: 'complete', response, consumed: headEnd + 4 };
  if (transfer !== undefined && transfer !== 'chunked') return broken('unsupported transfer-encoding');
  if (!['', 'gzip', 'deflate'].includes(headers.get('content-encoding')?.toLowerCase() ?? ''))
    return broken('unsupported content-encoding');
  const rest = bytes.subarray(headEnd + 4);
  const body = transfer === undefined ? readLength(rest, length) : readChunks(rest);
  const complaint = body === undefined ? 'malformed chunk' : complaintAbout(body, headers.get('content-type') ?? '');
  if (body === undefined || complaint !== undefined) return broken(complaint ?? 'malformed chunk');
  return body.state === 'incomplete'
    ? incomplete
    : { state: 'complete', response, consumed: headEnd + 4 + body.consumed };
}
