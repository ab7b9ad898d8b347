// Playing Telegram.
export { createTelegramSimulator } from './simulator.js';
export type { RunOptions, SimulatorOptions, TelegramSimulator } from './simulator.js';
export type { SimulatedBot } from './webhook-target.js';
export type { Attempt, WebhookInfo } from './bot-sender.js';
export type { Outcome } from './webhook-connection.js';
export type { WebhookResponse } from './http-response.js';
export type { LatencySummary, SimulatorStats } from './measures.js';
export { LatencyHistogram } from './measures.js';
export { faults } from './faults.js';
export type { Fault, FaultRates } from './faults.js';
export { acceleratedClock, wallClock } from './clock.js';
export type { Clock } from './clock.js';

// Being the Bot API, where webhooks are registered.
export { BotApiDouble } from './bot-api.js';
export type { BotApiCall, BotApiOptions } from './bot-api.js';
export type { BotApiAnswer, BotApiParameters, BotRegistration, RegisteredWebhook } from './bot-api-registration.js';
export type { BotApiWeather } from './bot-api-weather.js';
export { mostPending, mostPendingBytes } from './bot-api-store.js';

// Making updates up.
export {
  createUpdateGenerator,
  defaultKinds,
  firstUpdateId,
  serialiseUpdate,
  startOfStory,
} from './generate-updates.js';
export type { GeneratedUpdate, GeneratorOptions, KindMix, StoredUpdate, UpdateGenerator } from './generate-updates.js';
export { describeUpdate, updateKinds } from './update-kinds.js';
export type { UpdateKind, UpdateTraits } from './update-kinds.js';
