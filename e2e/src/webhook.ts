import { request } from 'node:http';
import type { System } from '@onceline/tools';

/** What the ingress answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

let nextUpdateId = 100_000_000 + Math.floor(Math.random() * 1_000_000_000);

/** A private message to the first demo bot, as Telegram writes it. */
export function privateMessage(
  text: string,
  chatId = 900_000 + (nextUpdateId % 90_000),
): { updateId: number; chatId: number; body: string } {
  const updateId = nextUpdateId++;
  const from = { id: chatId, is_bot: false, first_name: 'Ada' };
  const message = {
    message_id: updateId % 100_000,
    from,
    chat: { id: chatId, type: 'private' },
    date: Math.floor(Date.now() / 1000),
    text,
  };
  return { updateId, chatId, body: `{"update_id":${updateId},\n"message":${JSON.stringify(message)}}` };
}

/** Posts one update on a connection of its own. */
export function post(
  system: System,
  body: string | Buffer,
  overrides: { bot?: string; headers?: Record<string, string>; method?: string } = {},
): Promise<Answer> {
  const { ingress, bots } = system.access();
  const bot = bots.find(({ id }) => id === overrides.bot) ?? bots[0];
  return new Promise((resolve, reject) => {
    const sent = request(
      `${ingress}/telegram/${overrides.bot ?? bot?.id}`,
      {
        method: overrides.method ?? 'POST',
        agent: false,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'x-telegram-bot-api-secret-token': bot?.secret ?? '',
          ...overrides.headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Asks the read API of ticketing as a viewer. */
export async function read<T>(system: System, path: string): Promise<{ status: number; json: T }> {
  const { ticketing, tokens } = system.access();
  const response = await fetch(`${ticketing}${path}`, { headers: { authorization: `Bearer ${tokens.viewer}` } });
  return { status: response.status, json: (await response.json()) as T };
}
