/** What the idempotency key says besides being a name: `tg1:<bot id>:<kind>:<scope>:<message>:<update id>`. */
export interface KeyFields {
  readonly botId: string;
  readonly updateId: number;
}

const MAX_UPDATE_ID_DIGITS = 16;

/** Undefined for a key of another version or shape; such a key is still a name. */
export function keyFields(key: string): KeyFields | undefined {
  const botEnd = key.indexOf(':', 4);
  const updateIdStart = key.lastIndexOf(':') + 1;
  if (!key.startsWith('tg1:') || botEnd < 0 || updateIdStart <= botEnd) return undefined;
  const updateId = wholeNumberAt(key, updateIdStart);
  return updateId === undefined ? undefined : { botId: key.slice(4, botEnd), updateId };
}

/** Only the one way in which we write a number, so that two texts never share a number. */
function wholeNumberAt(text: string, start: number): number | undefined {
  const length = text.length - start;
  if (length < 1 || length > MAX_UPDATE_ID_DIGITS) return undefined;
  let value = 0;
  for (let index = start; index < text.length; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9 || (digit === 0 && index === start && length > 1)) return undefined;
    value = value * 10 + digit;
  }
  return Number.isSafeInteger(value) ? value : undefined;
}
