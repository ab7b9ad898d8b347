import { createCast, type BotWorld, type Json } from './cast.js';
import * as community from './community-payloads.js';
import * as messages from './message-payloads.js';
import * as queries from './query-payloads.js';
import { createRandom, hashText, type Random } from './random.js';
import { remember, type Scene } from './scene.js';
import { describeUpdate, type UpdateKind } from './update-kinds.js';

/** An update as Telegram stores it: serialised once, and sent in exactly these bytes every time. */
export interface StoredUpdate {
  updateId: number;
  kind: string;
  queue: number;
  /** Unix second. */
  expiresAt: number;
  body: Buffer;
}

/** An update that the generator made up, and the bot it is for. */
export interface GeneratedUpdate extends StoredUpdate {
  botId: string;
  /** Unix second at which it happened, in the generator's time. */
  createdAt: number;
}

/** How often each kind occurs, as weights; a kind that is not named does not occur. Names beyond the 27 stand for kinds of the future. */
export type KindMix = Readonly<Record<string, number>>;

/** What to make up. Everything follows from the seed. */
export interface GeneratorOptions {
  seed: number;
  /** Bot ids; updates go to them in turn. */
  bots: readonly string[];
  chatsPerBot?: number;
  kinds?: KindMix;
  /** Names and texts in many scripts (default), or in plain ASCII. */
  unicode?: boolean;
  /** Unix second of the first update. Without it the seed says (see `startOfStory`). */
  startedAt?: number;
  /** How fast the story's own clock runs. */
  updatesPerSecond?: number;
}

/** An endless, repeatable stream of updates. */
export interface UpdateGenerator extends Iterable<GeneratedUpdate> {
  readonly startedAt: number;
  /** The next update: for the given bot, else for the next in turn. */
  next(botId?: string): GeneratedUpdate;
  take(count: number): GeneratedUpdate[];
}

/** What support bots see: mostly messages, some edits and button presses, a little of everything else. */
export const defaultKinds: KindMix = {
  message: 860,
  edited_message: 50,
  callback_query: 50,
  message_reaction: 10,
  my_chat_member: 6,
  business_message: 6,
  edited_business_message: 2,
  channel_post: 4,
  edited_channel_post: 1,
  inline_query: 3,
  poll_answer: 2,
  poll: 1,
  chat_member: 2,
  chat_join_request: 1,
  pre_checkout_query: 1,
  deleted_business_messages: 1,
};

const compose: Record<UpdateKind, (scene: Scene) => Json> = {
  message: messages.message,
  edited_message: messages.editedMessage,
  channel_post: messages.channelPost,
  edited_channel_post: messages.editedChannelPost,
  business_connection: community.businessConnection,
  business_message: messages.businessMessage,
  edited_business_message: messages.editedBusinessMessage,
  deleted_business_messages: community.deletedBusinessMessages,
  guest_message: messages.guestMessage,
  stopped_message_generation: community.stoppedMessageGeneration,
  message_reaction: community.messageReaction,
  message_reaction_count: community.messageReactionCount,
  inline_query: queries.inlineQuery,
  chosen_inline_result: queries.chosenInlineResult,
  callback_query: queries.callbackQuery,
  shipping_query: queries.shippingQuery,
  pre_checkout_query: queries.preCheckoutQuery,
  purchased_paid_media: queries.purchasedPaidMedia,
  poll: queries.poll,
  poll_answer: queries.pollAnswer,
  my_chat_member: community.myChatMember,
  chat_member: community.chatMember,
  chat_join_request: community.chatJoinRequest,
  chat_boost: community.chatBoost,
  removed_chat_boost: community.removedChatBoost,
  managed_bot: community.managedBot,
  subscription: community.subscription,
};

const futureKind = (scene: Scene): Json => ({
  id: scene.random.int(1, 1e9),
  from: scene.random.pick(scene.bot.people),
  date: scene.date,
});

/** Telegram escapes everything beyond ASCII, so a body is ASCII only. */
const escapeUnicode = (json: string): string =>
  json.replace(/[^\x00-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Writes an update in Telegram's own form: the id, a line break, the kind. */
export function serialiseUpdate(updateId: number, kind: string, payload: unknown): Buffer {
  return Buffer.from(escapeUnicode(`{"update_id":${updateId},\n"${kind}":${JSON.stringify(payload)}}`), 'latin1');
}

const idsPerSeed = 2500;
const firstId = 2_000_001;
const idRange = 998_000_000;

/**
 * The first update id of a bot: far apart for different bots, and 2,500 apart for seeds that follow each other. With the unix second as
 * seed, runs of up to 2,500 updates a second and bot therefore share no update id for 4.6 days, longer than any copy is remembered.
 */
export function firstUpdateId(seed: number, botId: string): number {
  return firstId + ((Math.abs(Math.trunc(seed)) * idsPerSeed + hashText(botId)) % idRange);
}

/** A seed that is a unix second starts the story at that second; any other seed starts it early in 2026. */
export function startOfStory(seed: number): number {
  return seed >= 1_500_000_000 && seed < 4_000_000_000
    ? Math.trunc(seed)
    : 1_767_225_600 + (Math.abs(Math.trunc(seed)) % 86_400);
}

function kindPicker(kinds: KindMix): (random: Random) => string {
  const entries = Object.entries(kinds).filter(([, weight]) => weight > 0);
  const total = entries.reduce((sum, [, weight]) => sum + weight, 0);
  const last = entries.at(-1)?.[0];
  if (last === undefined) throw new RangeError('kinds: at least one kind needs a weight above 0');
  return (random) => {
    let rest = random.next() * total;
    return entries.find(([, weight]) => (rest -= weight) < 0)?.[0] ?? last;
  };
}

function payloadOf(scene: Scene, pickKind: (random: Random) => string): { kind: string; payload: Json } {
  const waiting = scene.bot.waiting.shift();
  if (waiting !== undefined) {
    remember(scene.bot, waiting);
    return { kind: 'message', payload: waiting.message };
  }
  const kind = pickKind(scene.random);
  return { kind, payload: ((compose as Record<string, typeof futureKind | undefined>)[kind] ?? futureKind)(scene) };
}

interface BotStream {
  bot: BotWorld;
  random: Random;
  nextId: number;
}

function openStreams(options: GeneratorOptions, unicode: boolean): Map<string, BotStream> {
  const random = createRandom(options.seed);
  const cast = createCast(random.fork('cast'), {
    botIds: options.bots,
    chatsPerBot: options.chatsPerBot ?? 50,
    unicode,
  });
  return new Map(
    cast.map((bot) => [
      bot.botId,
      { bot, random: random.fork(`story of ${bot.botId}`), nextId: firstUpdateId(options.seed, bot.botId) },
    ]),
  );
}

/** Makes up updates: consistent people, chats and ids, in Telegram's bytes, the same for the same seed. */
export function createUpdateGenerator(options: GeneratorOptions): UpdateGenerator {
  if (options.bots.length === 0) throw new RangeError('bots: name at least one bot');
  const { unicode = true, startedAt = startOfStory(options.seed), updatesPerSecond = 1000 } = options;
  const streams = openStreams(options, unicode);
  const pickKind = kindPicker(options.kinds ?? defaultKinds);
  let made = 0;
  const next = (botId = options.bots[made % options.bots.length] ?? ''): GeneratedUpdate => {
    const stream = streams.get(botId);
    if (stream === undefined) throw new RangeError(`next: bot ${botId} is not among the generator's bots`);
    const createdAt = startedAt + Math.floor(made++ / updatesPerSecond);
    const { kind, payload } = payloadOf({ bot: stream.bot, random: stream.random, date: createdAt, unicode }, pickKind);
    const updateId = stream.nextId++;
    const traits = describeUpdate(kind, payload, createdAt);
    return { botId, updateId, kind, createdAt, ...traits, body: serialiseUpdate(updateId, kind, payload) };
  };
  return {
    startedAt,
    next,
    take: (count) => Array.from({ length: count }, () => next()),
    *[Symbol.iterator]() {
      for (;;) yield next();
    },
  };
}
