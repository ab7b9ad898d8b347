/**
 * Text that PostgreSQL can hold: it has no U+0000 and refuses half a surrogate pair. Both are replaced by a visible mark,
 * so that a message never fails for a character and a reader sees that something stood there.
 */
export function readableText(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\u2400');
}
