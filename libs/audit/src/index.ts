export { auditSystem, type AuditOptions } from './audit-system.js';
export type { DatabaseAddress } from './database-client.js';
export { recordAudit } from './record-audit.js';
export { describeReport, type AuditReport } from './report.js';
export type { Contradiction, ContradictionRule, TimeRange } from './findings.js';
