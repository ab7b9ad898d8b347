import type { Dashboard } from './dashboard.js';
import { dedupe } from './dedupe.js';
import { ingress } from './ingress.js';
import { overview } from './overview.js';
import { pipeline } from './pipeline.js';
import { retries } from './retries.js';
import { retry } from './retry.js';
import { ticketing } from './ticketing.js';

/** Every dashboard, the one to open first at the head. */
export const DASHBOARDS: readonly Dashboard[] = [overview, pipeline, retries, ingress, dedupe, ticketing, retry];
