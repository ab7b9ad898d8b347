import { setTimeout as delay } from 'node:timers/promises';
import { metricsRegistry, type Logger } from '@onceline/service-kit';
import type { IngressConfig } from '../config.js';
import { BotApi } from './bot-api.js';
import { WebhookGuard } from './guard-webhook.js';
import { managedBots } from './managed-bots.js';
import { RegistrationMetrics, countBots } from './registration-metrics.js';
import type { UpdateSizes } from './update-sizes.js';
import { WebhookWatch } from './webhook-watch.js';

/** The watch inside the ingress: over the bots whose tokens it has, which may be none. */
export function openWatch(config: IngressConfig, logger: Logger, sizes: UpdateSizes): WebhookWatch {
  const intervalMs = config.WEBHOOK_WATCH_INTERVAL_MS;
  const stop = new AbortController();
  const { signal } = stop;
  const api = { baseUrl: config.BOT_API_URL, timeoutMs: config.BOT_API_TIMEOUT_MS, signal };
  const guards = managedBots(config).map(
    (bot) =>
      new WebhookGuard(bot, {
        api: new BotApi(bot.token, api),
        repair: config.WEBHOOK_REPAIR ?? [],
        bytesPerUpdate: () => sizes.average(bot.id),
        now: Date.now,
        stepAside: () => delay((Math.random() * intervalMs) / 2, undefined, { signal, ref: false }),
      }),
  );
  countBots(metricsRegistry, config);
  return new WebhookWatch({ guards, intervalMs, metrics: new RegistrationMetrics(metricsRegistry), logger, stop });
}
