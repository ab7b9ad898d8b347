import { UPDATE_KINDS, isKnownKind, type TelegramUpdate } from '@onceline/contracts';

/** Label values of the metric by kind: a name from outside never becomes a label of its own. */
export const KIND_LABELS: readonly string[] = [...UPDATE_KINDS, 'none', 'unknown'];

export function kindLabel(kind: string): string {
  return kind === 'none' || isKnownKind(kind) ? kind : 'unknown';
}

/** What an update can have that this version does not know. */
export const DRIFT_PARTS = ['kind', 'field'] as const;
export type DriftPart = (typeof DRIFT_PARTS)[number];

/** A name from outside that may be shown: like those of Telegram. What looks otherwise, or comes after the first names, is `other`. */
const NAME = /^[a-z][a-z0-9_]{0,63}$/;
export const OTHER_NAME = 'other';
const MAX_NAMES = 50;

/** Who hears of drift. */
export interface DriftObserver {
  /** Each time. The names are a closed list once they are as many as fit. */
  found(part: DriftPart, name: string): void;
  /** Each name once. */
  named(part: DriftPart, name: string): void;
}

/** Names what Telegram sends and this version does not know. */
export class DriftNotice {
  readonly #noticed: Record<DriftPart, Set<string>> = { kind: new Set(), field: new Set() };

  constructor(private readonly observer: DriftObserver) {}

  /** Answers whether the update holds anything unknown. */
  notice({ kind, otherFields }: TelegramUpdate): boolean {
    const unknown = kindLabel(kind) === 'unknown';
    if (unknown) this.#found('kind', kind);
    for (const field of otherFields ?? []) this.#found('field', field);
    return unknown || otherFields !== undefined;
  }

  #found(part: DriftPart, from: string): void {
    const noticed = this.#noticed[part];
    const name = noticed.has(from) || (noticed.size < MAX_NAMES && NAME.test(from)) ? from : OTHER_NAME;
    const isNew = !noticed.has(name);
    noticed.add(name);
    if (isNew) this.observer.named(part, name);
    this.observer.found(part, name);
  }
}
