import { UPDATE_KINDS, isKnownKind, type TelegramUpdate } from '@onceline/contracts';

/** Label values of the metric by kind: a name from outside never becomes a label of its own. */
export const KIND_LABELS: readonly string[] = [...UPDATE_KINDS, 'none', 'unknown'];

export function kindLabel(kind: string): string {
  return kind === 'none' || isKnownKind(kind) ? kind : 'unknown';
}

const MAX_NAMES = 100;
const MAX_NAME_LENGTH = 64;

/** Names what Telegram sends and this version does not know: each name once, and only the first hundred. */
export class DriftNotice {
  readonly #noticed = new Set<string>();

  constructor(private readonly tell: (name: string) => void) {}

  /** Answers whether the update holds anything unknown. */
  notice({ kind, otherFields }: TelegramUpdate): boolean {
    const unknown = kindLabel(kind) === 'unknown';
    if (unknown) this.#name(kind);
    for (const field of otherFields ?? []) this.#name(field);
    return unknown || otherFields !== undefined;
  }

  #name(field: string): void {
    const name = field.slice(0, MAX_NAME_LENGTH);
    if (this.#noticed.has(name) || this.#noticed.size >= MAX_NAMES) return;
    this.#noticed.add(name);
    this.tell(name);
  }
}
