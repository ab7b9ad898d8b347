export { System, SERVICES, type SystemOptions } from './system.js';
export { ServiceProcess, type ServiceName } from './service-process.js';
export type { Access } from './access.js';
export { startMonitoring, type Monitoring, type MonitoringOptions } from './monitoring/start-monitoring.js';
export { ask } from './monitoring/ask-prometheus.js';
export { runBrokerKills, type BrokerKillOptions, type BrokerKillResult } from './broker-kill-run.js';
export { timeToLedger, type OpenLoad } from './bench/open-loop.js';
export { median, quantile } from './bench/statistics.js';
