/** Why an update made no ticket and no message. The list is closed: it is a metric label and part of the API. */
export const IGNORED_REASONS = [
  /** A kind without a customer's message: a button press, a reaction, a membership change, …; or one that concerns no ticket. */
  'not-a-message',
  /** A kind that this version does not know. */
  'unknown-kind',
  /** A call of the bot (`/start`) while no ticket is open: nobody has asked for anything yet. */
  'bot-command',
  /** The message reads as it is recorded: a repeat, a preview that was added, a position that moved. */
  'edit-changes-nothing',
  'channel-post',
  /** The bot was called as a guest in a chat that it does not belong to. */
  'guest-message',
  /** A note by Telegram itself: somebody joined, a topic was created, a message was pinned, … */
  'service-message',
  /** Scheduled and ephemeral messages have no number of their own. */
  'message-without-id',
  /** Neither private nor a group. */
  'unsupported-chat',
  'no-sender',
  'sender-is-bot',
  /** For a business account, by Telegram itself (a greeting, a note of absence) or by a program. */
  'sent-automatically',
  /** Written on behalf of a chat: an anonymous administrator, or a linked channel. */
  'sender-is-chat',
  /** Staff wrote where no ticket is active, and answered no message of one. */
  'no-ticket-to-answer',
  /** Staff changed a note: the ticket keeps it as it was. */
  'note-edit',
  /** The same message came before under another update. */
  'message-already-recorded',
] as const;

export type IgnoredReason = (typeof IGNORED_REASONS)[number];
