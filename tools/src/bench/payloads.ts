import { messageUpdate } from '@onceline/testing';

export const CHATS = 500;

const WORDS = 'my parcel has not arrived although the tracking page says that it was handed over yesterday at noon ';

/** Bytes of the n-th update of a bench: a customer's message of about 450 bytes in one of {@link CHATS} chats. */
export function benchUpdate(n: number): Buffer {
  const chat = n % CHATS;
  return messageUpdate({
    updateId: 100_000_000 + n,
    chatId: 500_000_000 + chat,
    messageId: n + 1,
    date: 1_767_225_600 + Math.floor(n / 100),
    text: `${WORDS}${WORDS}(${n})`,
    from: { id: 500_000_000 + chat, first_name: `Customer ${chat}` },
  });
}

/** A whole HTTP/1.1 request as Telegram sends it, ready for a keep-alive socket. */
export function webhookRequest(target: { host: string; path: string; secret: string }, body: Buffer): Buffer {
  const head = [
    `POST ${target.path} HTTP/1.1`,
    `Host: ${target.host}`,
    `X-Telegram-Bot-Api-Secret-Token: ${target.secret}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    'Accept-Encoding: gzip, deflate',
    'Connection: keep-alive',
    '',
    '',
  ].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}
