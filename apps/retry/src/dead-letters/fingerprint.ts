import { createHash } from 'node:crypto';

/** What one cause of failures has in common. */
export interface Failure {
  readonly kind: string;
  readonly code: string;
  readonly message: string;
  readonly handlerVersion: string;
}

/** Equal for failures of one cause: what differs from record to record in a message is taken out first. */
export function fingerprintOf({ kind, code, message, handlerVersion }: Failure): string {
  const text = [kind, code, normalised(message), handlerVersion].join('\n');
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function normalised(message: string): string {
  return message
    .toLowerCase()
    .replaceAll(/"[^"]*"|'[^']*'|`[^`]*`/g, '?')
    .replaceAll(/\b(?=[0-9a-f-]*\d)[0-9a-f][0-9a-f-]{7,}\b/g, '?')
    .replaceAll(/\d+/g, '?')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
