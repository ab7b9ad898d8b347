/** How a call can fail. The list is closed: the metric of looks is made from it. */
export const API_FAILURES = ['throttled', 'refused', 'timeout', 'unreachable', 'garbled'] as const;
export type ApiFailure = (typeof API_FAILURES)[number];

/** A call of the Bot API that failed. No token is in it, so it may be logged and shown. */
export class BotApiError extends Error {
  constructor(
    readonly failure: ApiFailure,
    message: string,
    /** How long to wait at least, when Telegram said so. */
    readonly retryAfterMs: number | undefined = undefined,
    /** Whether the same call may succeed later. */
    readonly mayPass: boolean = failure !== 'refused',
  ) {
    super(message);
    this.name = 'BotApiError';
  }
}

/** Hides a token, whole or only its secret part, plain or as it stands in an address, in text from outside. Then bounds it. */
export function withoutToken(text: string, token: string): string {
  const secret = token.slice(token.indexOf(':') + 1);
  const forms = [token, encodeURIComponent(token), secret];
  const hidden = forms.reduce((rest, form) => rest.replaceAll(form, '***'), text);
  // Tokens of other bots have the same shape, and no text of Telegram's has it by chance.
  const strangers = hidden.replaceAll(/\d{5,20}(:|%3A)[A-Za-z0-9_-]{20,}/gi, '***');
  return strangers.replaceAll(/\p{Cc}/gu, ' ').slice(0, 300);
}
