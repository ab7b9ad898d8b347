import { createHash } from 'node:crypto';

const PLAIN = /^[\w.=-]{1,128}$/;

/**
 * Text from outside as part of a key, a header or a label: plain names as they are; separators and all that is not
 * printable ASCII escaped; what is too long hashed. Two texts never share a part.
 */
export function keyPart(text: string): string {
  if (PLAIN.test(text)) return text;
  const escaped = Buffer.from(text, 'utf8').toString('base64url');
  if (escaped.length <= 128) return `~${escaped}`;
  return `~~${createHash('sha256').update(text).digest('hex')}`;
}
