const BOT_ID = /^\d{1,20}$/;

/** True for what may name a bot: a Telegram user id as text, the digits before the colon of the bot's token. The one rule of all services. */
export function isBotId(text: string): boolean {
  return BOT_ID.test(text);
}
