import { UPDATE_KINDS } from '@onceline/contracts';
import { readIngressConfig } from '../config.js';
import { managedBots, webhookOrder } from './managed-bots.js';

const TOKEN = '1000002:AAF-planted-token-of-a-bot-000000000';
const settings = {
  KAFKA_BROKERS: '127.0.0.1:9092',
  BOTS: '[{"id":"1000001","secrets":["one"]},{"id":"1000002","secrets":["current","previous"]}]',
  BOT_TOKENS: TOKEN,
  PUBLIC_URL: 'https://support.example.com/door/',
};

it('a bot is registered at its own path, with its first secret, all kinds of update and nothing thrown away', () => {
  const bots = managedBots(readIngressConfig(settings));
  expect(bots.map(webhookOrder)).toEqual([
    {
      url: 'https://support.example.com/door/telegram/1000002',
      secret_token: 'current',
      allowed_updates: [...UPDATE_KINDS],
      max_connections: 40,
    },
  ]);
});

it('no token, no bot to look after', () => {
  expect(managedBots(readIngressConfig({ ...settings, BOT_TOKENS: '' }))).toEqual([]);
});
