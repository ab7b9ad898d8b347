import { timingSafeEqual } from 'node:crypto';

/** A bot we speak for, with every secret accepted now: the current one first, during a rotation the previous one too. */
export interface BotSettings {
  readonly id: string;
  readonly secrets: readonly string[];
}

export const MAX_SECRET_LENGTH = 256;

// Two bytes of length before the text, so that padding can never make two secrets equal.
const PADDED_BYTES = 2 + MAX_SECRET_LENGTH;

/** The bots by id, their secrets padded to one length so that a comparison takes the same time whatever differs. */
export class BotDirectory {
  readonly #secretsById: ReadonlyMap<string, readonly Buffer[]>;
  readonly #given = Buffer.alloc(PADDED_BYTES);

  constructor(bots: readonly BotSettings[]) {
    this.#secretsById = new Map(bots.map(({ id, secrets }) => [id, secrets.map((secret) => padded(secret))]));
  }

  has(botId: string): boolean {
    return this.#secretsById.has(botId);
  }

  /** Compares with every accepted secret, also after a match: the time says nothing about which one fitted. */
  authenticates(botId: string, secret: string | undefined): boolean {
    const accepted = this.#secretsById.get(botId);
    if (!accepted || secret === undefined || secret.length > MAX_SECRET_LENGTH) return false;
    pad(secret, this.#given);
    let matches = 0;
    for (const candidate of accepted) matches += Number(timingSafeEqual(candidate, this.#given));
    return matches > 0;
  }
}

function padded(secret: string): Buffer {
  const buffer = Buffer.alloc(PADDED_BYTES);
  pad(secret, buffer);
  return buffer;
}

function pad(secret: string, into: Buffer): void {
  into.fill(0);
  into.writeUInt16BE(secret.length, 0);
  into.write(secret, 2, 'latin1');
}
