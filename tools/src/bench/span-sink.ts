// An OTLP receiver of its own process, which takes spans and looks at none of them, so that what is measured is the sending of them.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

let bytes = 0;
const server = createServer((request, response) => {
  if (request.method === 'GET') return void response.end(JSON.stringify({ bytes }));
  request.on('data', (chunk: Buffer) => (bytes += chunk.length));
  request.on('end', () => response.writeHead(200).end());
});
server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  console.log(JSON.stringify({ msg: 'listening', url }));
});
process.on('SIGTERM', () => process.exit(0));
