export { System, SERVICES, type SystemOptions } from './system.js';
export { ServiceProcess, type ServiceName } from './service-process.js';
export type { Access } from './access.js';
export { runBrokerKills, type BrokerKillOptions, type BrokerKillResult } from './broker-kill-run.js';
