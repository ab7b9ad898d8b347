/** How a bot's conversations become tickets. */
export interface ConversationPolicy {
  /** For how long after a ticket was resolved the customer's next message opens it again, instead of a new one. Milliseconds. */
  readonly reopenWithinMs: number;
  /** What a customer says to end a conversation: it opens nothing, neither the old ticket nor a new one. As {@link phrase} writes them. */
  readonly closingPhrases: ReadonlySet<string>;
  /** Whether a call of the bot (`/start`) opens a ticket. */
  readonly commandsOpenTickets: boolean;
}

/** Words as they are compared: in small letters, without stops and spaces. What is drawn (👍) stays. */
export function phrase(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\p{P}\p{Z}\p{C}\p{Variation_Selector}]+/gu, '');
}
