export { runService, type RunningService, type ServiceKit, type ServiceOptions } from './run-service.js';
export { runMain } from './run-main.js';
export { EXIT_UNAVAILABLE, StartRefused } from './start-refused.js';
export {
  ConfigError,
  commonSettings,
  databaseSettings,
  describeSettings,
  groupIdSetting,
  portSetting,
  readConfig,
  wholeNumber,
  type SettingDescription,
  type SettingProblem,
  type WholeNumberOptions,
} from './config.js';
export { databaseSecurity, kafkaSecurity } from './connection-security.js';
export { createLogger, kafkaLog, type Logger } from './logger.js';
export { logTogether } from './log-output.js';
export { measuredNow, metricsRegistry, neverMeasured, newMetricsRegistry, type MetricsRegistry } from './metrics.js';
export { TracedHistogram, sampledTraceId, type TracedHistogramOptions } from './traced-histogram.js';
export { chosenTrace } from './telemetry-state.js';
export { eachOf, Measurement, type MeasurementOptions } from './measurement.js';
export { measureUnread, type UnreadOptions } from './measure-unread.js';
export { HealthRegistry, type HealthCheck } from './health-registry.js';
export { KafkaContext, KafkaTransport, type KafkaTransportOptions } from './kafka-transport.js';
export { requireTopics } from './require-topics.js';
export { Problem, parseRequest, type ProblemDetails } from './problem.js';
export { Roles, type Role } from './roles.js';
export { apiTokensSetting, hashToken, type ApiToken } from './api-tokens.js';
export { actorOf } from './actor.js';
export { BearerGuard } from './bearer-guard.js';
export {
  firstAnswer,
  idempotentRequest,
  requestHash,
  type IdempotentRequest,
  type KeptAnswer,
} from './idempotent-request.js';
export { decodeCursor, encodeCursor, pageOf, type Page } from './page-cursor.js';
export { nextPageCursor, pageCursor, pageLimit, searchableText } from './page-settings.js';
export { openApi, type ApiResponse, type ApiRoute, type OpenApiDocument, type OpenApiOperation } from './open-api.js';
