import type { ConnectionOptions } from 'node:tls';

import type { Target } from './webhook-connection.js';

/** A bot and its webhook. */
export interface SimulatedBot {
  id: string;
  /** Sent as `X-Telegram-Bot-Api-Secret-Token`; left out if there is none. */
  secret?: string;
  url: string;
  /** 1 to 100, 40 by default, as in setWebhook. */
  maxConnections?: number;
  /** For an https address with a certificate of your own. */
  tls?: ConnectionOptions;
}

const largestHead = 4096;

/** Address and request head of a bot's webhook, checked once. */
export interface Webhook {
  target: Target;
  maxConnections: number;
  /** The complete request for a body. */
  request(body: Buffer): Buffer;
}

function basicAuthorization(url: URL): string {
  if (url.username === '' && url.password === '') return '';
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return `Authorization: Basic ${Buffer.from(credentials).toString('base64')}\r\n`;
}

function checkedUrl(bot: SimulatedBot): URL {
  const url = URL.canParse(bot.url) ? new URL(bot.url) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new TypeError(`bot ${bot.id}: url "${bot.url}" is not an http or https address`);
  }
  return url;
}

/** Reads a bot's settings, or says which one is wrong. */
export function createWebhook(bot: SimulatedBot): Webhook {
  const url = checkedUrl(bot);
  const { maxConnections = 40, secret } = bot;
  if (!Number.isInteger(maxConnections) || maxConnections < 1) {
    throw new RangeError(`bot ${bot.id}: maxConnections is ${maxConnections}, but has to be a whole number from 1`);
  }
  if (secret !== undefined && !/^[A-Za-z0-9_-]{1,256}$/.test(secret)) {
    throw new RangeError(`bot ${bot.id}: the secret has to be 1 to 256 characters of A-Z a-z 0-9 _ -`);
  }
  const secure = url.protocol === 'https:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const head =
    `POST ${url.pathname}${url.search} HTTP/1.1\r\n` +
    `Host: ${url.hostname}${port === 443 ? '' : `:${port}`}\r\n${basicAuthorization(url)}` +
    (secret === undefined ? '' : `X-Telegram-Bot-Api-Secret-Token: ${secret}\r\n`) +
    'Content-Type: application/json\r\nContent-Length: ';
  const tail = '\r\nConnection: keep-alive\r\nAccept-Encoding: gzip, deflate\r\n\r\n';
  if (head.length + tail.length + 6 > largestHead)
    throw new RangeError(`bot ${bot.id}: the request head would exceed ${largestHead} bytes`);
  return {
    target: { host: url.hostname.replace(/^\[|\]$/g, ''), port, secure, tls: bot.tls ?? {} },
    maxConnections,
    request: (body) => {
      const text = head + String(body.length) + tail;
      const request = Buffer.allocUnsafe(text.length + body.length);
      request.write(text, 0, 'latin1');
      body.copy(request, text.length);
      return request;
    },
  };
}
