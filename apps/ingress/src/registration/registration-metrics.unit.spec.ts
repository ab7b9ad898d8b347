import { newMetricsRegistry } from '@onceline/service-kit';
import { readIngressConfig } from '../config.js';
import { countBots } from './registration-metrics.js';

const settings = {
  KAFKA_BROKERS: '127.0.0.1:9092',
  BOTS: '[{"id":"1000001","secrets":["one"]},{"id":"1000002","secrets":["two"]},{"id":"1000003","secrets":["three"]}]',
  PUBLIC_URL: 'https://support.example.com',
};

describe('the count of the bots', () => {
  it.each([
    ['', 0, 3],
    ['1000002:AAF-planted-token-of-a-bot-000000000', 1, 2],
  ])('with the tokens "%s" is %d watched and %d not', async (tokens, watched, unwatched) => {
    const registry = newMetricsRegistry();
    countBots(registry, readIngressConfig({ ...settings, BOT_TOKENS: tokens }));
    const text = await registry.metrics();
    expect(text).toContain(`onceline_ingress_bots{watched="true"} ${watched}\n`);
    expect(text).toContain(`onceline_ingress_bots{watched="false"} ${unwatched}\n`);
  });
});
