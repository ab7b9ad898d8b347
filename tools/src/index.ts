export { System, SERVICES, type SystemOptions } from './system.js';
export { ServiceProcess, type ServiceName } from './service-process.js';
export type { Access } from './access.js';
export { runBrokerKills, type BrokerKillOptions, type BrokerKillResult } from './broker-kill-run.js';
export { timeToLedger, type OpenLoad } from './bench/open-loop.js';
export { median, quantile } from './bench/statistics.js';
