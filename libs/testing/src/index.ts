export { useStack, releaseStack } from './stack.js';
export { eventually } from './eventually.js';
export type { EventuallyOptions } from './eventually.js';
export { uniqueName } from './unique-name.js';
