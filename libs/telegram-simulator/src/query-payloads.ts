import type { Json } from './cast.js';
import { earlierMessage } from './message-payloads.js';
import { longId, pickRoom, type Scene } from './scene.js';

function somebody({ bot, random }: Scene): Json {
  return random.pick(bot.people);
}

function pressedMessage(scene: Scene): Json {
  const { bot, random } = scene;
  const { room, message } = earlierMessage(scene, 'private', 'group', 'forum');
  // Too old for Telegram to show: chat, id and the date 0 are all that is left of it.
  if (random.chance(0.1)) return { chat: room.chat, message_id: message.message_id, date: 0 };
  const { message_thread_id, is_topic_message } = message;
  return {
    message_id: message.message_id,
    from: bot.self,
    chat: room.chat,
    date: message.date,
    ...(message_thread_id === undefined ? {} : { message_thread_id }),
    ...(is_topic_message === undefined ? {} : { is_topic_message }),
    text: 'Was this helpful?',
    reply_markup: {
      inline_keyboard: [
        [
          { text: 'Yes', callback_data: 'helpful:yes' },
          { text: 'No', callback_data: 'helpful:no' },
        ],
      ],
    },
  };
}

/** A press on a button: under a message, under one that is no longer accessible, or under an inline result. */
export function callbackQuery(scene: Scene): Json {
  const { random } = scene;
  const inline = random.chance(0.1);
  const message = inline ? undefined : pressedMessage(scene);
  const chat = message?.['chat'] as { id: number; type: string } | undefined;
  const owner =
    chat?.type === 'private' ? scene.bot.people.find((candidate) => candidate['id'] === chat.id) : undefined;
  return {
    id: longId(random),
    from: owner ?? somebody(scene),
    ...(message === undefined ? { inline_message_id: `BAAAA${longId(random)}` } : { message }),
    chat_instance: longId(random),
    data: random.pick(['helpful:yes', 'helpful:no', 'menu:orders']),
  };
}

/** Somebody types the bot's name and a few words in any chat. */
export function inlineQuery(scene: Scene): Json {
  return { id: longId(scene.random), from: somebody(scene), chat_type: 'sender', query: 'order status', offset: '' };
}

/** The inline result that somebody sent. */
export function chosenInlineResult(scene: Scene): Json {
  const { random } = scene;
  return {
    result_id: String(random.int(1, 20)),
    from: somebody(scene),
    ...(random.chance(0.5) ? { inline_message_id: `BAAAA${longId(random)}` } : {}),
    query: 'order status',
  };
}

/** Where to send the goods of an invoice with a flexible price. */
export function shippingQuery(scene: Scene): Json {
  const shipping_address = {
    country_code: 'DE',
    state: '',
    city: 'Berlin',
    street_line1: 'Ackerstr. 5',
    street_line2: '',
    post_code: '10115',
  };
  return {
    id: longId(scene.random),
    from: somebody(scene),
    invoice_payload: `order-${scene.random.int(1, 9e6)}`,
    shipping_address,
  };
}

/** The last question before money moves. */
export function preCheckoutQuery(scene: Scene): Json {
  const { random } = scene;
  return {
    id: longId(random),
    from: somebody(scene),
    currency: 'EUR',
    total_amount: random.int(100, 20_000),
    invoice_payload: `order-${random.int(1, 9e6)}`,
  };
}

/** Somebody bought paid media. */
export function purchasedPaidMedia(scene: Scene): Json {
  return { from: somebody(scene), paid_media_payload: `media-${scene.random.int(1, 9e6)}` };
}

function newPoll({ bot, random }: Scene): Json {
  const option = (text: string, index: number): Json => ({ persistent_id: `o${index}`, text, voter_count: 0 });
  const poll: Json = {
    id: longId(random),
    question: 'How was our support?',
    options: ['Good', 'Fair', 'Bad'].map(option),
    total_voter_count: 0,
    is_closed: false,
    is_anonymous: random.chance(0.5),
    type: 'regular',
    allows_multiple_answers: false,
    allows_revoting: true,
    members_only: false,
  };
  bot.polls.push(poll);
  if (bot.polls.length > 20) bot.polls.shift();
  return poll;
}

function runningPoll(scene: Scene): Json {
  const { bot, random } = scene;
  return bot.polls.length === 0 || random.chance(0.1) ? newPoll(scene) : random.pick(bot.polls);
}

/** A further state of a poll: one more vote. */
export function poll(scene: Scene): Json {
  const current = runningPoll(scene);
  const options = current['options'] as (Json & { voter_count: number })[];
  const chosen = scene.random.pick(options);
  chosen.voter_count++;
  current['total_voter_count'] = Number(current['total_voter_count']) + 1;
  return current;
}

/** Somebody's vote in a poll that is not anonymous. */
export function pollAnswer(scene: Scene): Json {
  const choice = scene.random.int(0, 2);
  const voter = scene.random.chance(0.9) ? { user: somebody(scene) } : { voter_chat: pickRoom(scene, 'channel').chat };
  return { poll_id: runningPoll(scene)['id'], ...voter, option_ids: [choice], option_persistent_ids: [`o${choice}`] };
}
