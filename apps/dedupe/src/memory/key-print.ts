import { keyFields } from './key-fields.js';

const MAX_BOTS = 0xffff;
const MAX_U32 = 0xffff_ffff;

/** A key in numbers. Bot and update id are exact; the discriminator hashes the rest (kind, scope, message). */
export interface KeyPrint {
  bot: number;
  updateId: number;
  discriminator: number;
  /** Spreads bot and update id over 32 bits. */
  hash: number;
}

/** Turns keys into numbers; gives each bot a small number. */
export class KeyPrinter {
  private readonly bots = new Map<string, number>();
  // One object for all calls: a million look-ups should leave nothing to collect.
  private readonly print: KeyPrint = { bot: 0, updateId: 0, discriminator: 0, hash: 0 };

  /** The print of a key, valid until the next call; undefined when the numbers do not fit and the key itself must be held. */
  printOf(key: string): KeyPrint | undefined {
    const fields = keyFields(key);
    if (fields === undefined || fields.updateId > MAX_U32) return undefined;
    const bot = this.botNumber(fields.botId);
    if (bot === undefined) return undefined;
    const { print } = this;
    print.bot = bot;
    print.updateId = fields.updateId;
    print.discriminator = discriminatorOf(key, 4 + fields.botId.length);
    print.hash = hashOf(bot, fields.updateId);
    return print;
  }

  private botNumber(botId: string): number | undefined {
    const known = this.bots.get(botId);
    if (known !== undefined) return known;
    if (this.bots.size >= MAX_BOTS) return undefined;
    this.bots.set(botId, this.bots.size);
    return this.bots.size - 1;
  }
}

/** Update ids of a bot are consecutive: the finaliser of murmur3 spreads them, and never maps two of one bot to one hash. */
export function hashOf(bot: number, updateId: number): number {
  let hash = (updateId + Math.imul(bot, 0x9e37_79b1)) | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** FNV-1a over the key from `start` on: bot and number are compared exactly beside it. */
function discriminatorOf(key: string, start: number): number {
  let hash = 0x811c_9dc5;
  for (let index = start; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x0100_0193);
  return hash >>> 0;
}
