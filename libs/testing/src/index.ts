export { useStack, releaseStack } from './stack.js';
export { eventually } from './eventually.js';
export type { EventuallyOptions } from './eventually.js';
export { uniqueName } from './unique-name.js';
export { documentedNames, documentedSettings, type DocumentedSetting } from './docs-tables.js';
export { messageUpdate, rawRecord, uniqueRecord, type MessageTraits } from './builders.js';
export { startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from './otlp-receiver.js';
