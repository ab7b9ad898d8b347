import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFields, type WireField } from './protobuf-wire.js';

/** A span as it was received. Ids are lower-case hexadecimal. */
export interface ReceivedSpan {
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined for a root. */
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: 'unspecified' | 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  /** Values as text; lists as JSON. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
}

/** A local OTLP/HTTP receiver that keeps every span it gets. */
export interface OtlpReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly endpoint: string;
  spans(): readonly ReceivedSpan[];
  close(): Promise<void>;
}

/** Starts a receiver on a free port of the loopback; it takes OTLP traces as protobuf. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const server = createServer((request, response) => {
    readBody(request).then(
      (body) => {
        const known = request.url === '/v1/traces' && request.headers['content-type'] === 'application/x-protobuf';
        if (known) spans.push(...decodeTraces(body));
        response.writeHead(known ? 200 : 415).end();
      },
      (error: unknown) => response.destroy(error as Error),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { endpoint: `http://127.0.0.1:${port}`, spans: () => [...spans], close: () => closeServer(server) };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

// Field numbers below are those of opentelemetry/proto (trace/v1, common/v1, resource/v1).

/** Decodes an ExportTraceServiceRequest. */
export function decodeTraces(body: Buffer): ReceivedSpan[] {
  return children(readFields(body), 1).flatMap((resourceSpans) => {
    const resource = children(resourceSpans, 1)[0] ?? [];
    const service = attributes(resource, 1)['service.name'] ?? '';
    return children(resourceSpans, 2).flatMap((scopeSpans) =>
      children(scopeSpans, 2).map((span) => toSpan(service, span)),
    );
  });
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;

function toSpan(service: string, span: readonly WireField[]): ReceivedSpan {
  return {
    service,
    traceId: hex(span, 1),
    spanId: hex(span, 2),
    parentSpanId: hex(span, 4) || undefined,
    name: bytes(span, 5).toString('utf8'),
    kind: KINDS[Number(number(span, 6) ?? 0n)] ?? 'unspecified',
    attributes: attributes(span, 9),
    links: children(span, 13).map((link) => ({ traceId: hex(link, 1), spanId: hex(link, 2) })),
  };
}

function attributes(message: readonly WireField[], field: number): Record<string, string> {
  return Object.fromEntries(
    children(message, field).map((pair) => [bytes(pair, 1).toString('utf8'), anyValue(children(pair, 2)[0] ?? [])]),
  );
}

/** AnyValue: string 1, bool 2, int 3, double 4, array 5. */
function anyValue(value: readonly WireField[]): string {
  const [first] = value;
  if (first === undefined) return '';
  switch (first.field) {
    case 1:
      return bytes(value, 1).toString('utf8');
    case 2:
      return String(number(value, 2) === 1n);
    case 3:
      return String(BigInt.asIntN(64, number(value, 3) ?? 0n));
    case 4:
      return String(bytes(value, 4).readDoubleLE());
    case 5:
      return JSON.stringify(children(children(value, 5)[0] ?? [], 1).map(anyValue));
    default:
      return bytes(value, first.field).toString('base64');
  }
}

function children(message: readonly WireField[], field: number): (readonly WireField[])[] {
  return message
    .filter((entry) => entry.field === field && Buffer.isBuffer(entry.value))
    .map((entry) => readFields(entry.value as Buffer));
}

function bytes(message: readonly WireField[], field: number): Buffer {
  const value = message.find((entry) => entry.field === field)?.value;
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}

function number(message: readonly WireField[], field: number): bigint | undefined {
  const value = message.find((entry) => entry.field === field)?.value;
  return typeof value === 'bigint' ? value : undefined;
}

function hex(message: readonly WireField[], field: number): string {
  return bytes(message, field).toString('hex');
}
