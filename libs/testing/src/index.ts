export { useStack, releaseStack } from './stack.js';
export { eventually } from './eventually.js';
export type { EventuallyOptions } from './eventually.js';
export { uniqueName } from './unique-name.js';
export { messageUpdate, rawRecord, uniqueRecord, type MessageTraits } from './builders.js';
export { auditSystem, type AuditOptions } from './checker.js';
export { checkBooks, describeReport, type AuditReport } from './checker-report.js';
export { CONTRADICTIONS, type Contradiction, type ContradictionRule, type TimeRange } from './checker-findings.js';
export { Books, type Bounds } from './checker-books.js';
