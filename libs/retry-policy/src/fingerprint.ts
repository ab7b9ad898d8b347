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

/** A word with a digit in it is a number or an id; what stands in quotes is somebody's value. */
function normalised(message: string): string {
  return message
    .toLowerCase()
    .replaceAll(/"[^"]*"|'[^']*'|`[^`]*`/g, '?')
    .replaceAll(/[\p{L}_-]*\p{N}[\p{L}\p{N}_-]*/gu, '?')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
