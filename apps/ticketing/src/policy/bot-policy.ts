import { readableText } from '@onceline/contracts';
import { z } from 'zod';
import { ASSIGNMENT_MODES, type AssignmentMode } from '../ticket/assign-tickets.js';
import type { FieldDefinitions } from '../ticket/custom-fields.js';
import { phrase, type ConversationPolicy } from '../ticket/policy.js';
import { fieldDefinitionsSchema } from './field-definitions.js';

const text = (longest: number) =>
  z
    .string()
    .min(1)
    .max(longest)
    .regex(/^[^\u0000]*$/, 'must be text that can be stored')
    .refine((value) => readableText(value) === value, 'must be text that can be stored');

const groupTickets = z.enum(['customer', 'topic']);

const settings = {
  reopenWithinHours: z
    .number()
    .min(0)
    .max(8760)
    .default(72)
    .describe("hours after a ticket was resolved in which the customer's next message opens it again"),
  closeAfterHours: z
    .number()
    .min(0)
    .max(87_600)
    .nullable()
    .default(96)
    .describe('hours after which a resolved ticket is closed; null: it never is'),
  closingPhrases: z
    .array(text(200).refine((words) => phrase(words) !== '', 'must be more than stops and spaces'))
    .max(200)
    .default([])
    .describe(
      'what customers say after a ticket has ended ("thanks"): it is added there and opens none. Case, stops and spaces do not count',
    ),
  commandsOpenTickets: z.boolean().default(false).describe('whether a call of the bot (`/start`) opens a ticket'),
  groupTickets: groupTickets
    .default('customer')
    .describe('in groups: a ticket for each customer in each topic, or one for each topic'),
  groupTicketsByChat: z
    .record(z.string().regex(/^-\d{1,16}$/, 'must be ids of groups'), groupTickets)
    .default({})
    .describe('the same for single groups, by chat id'),
  staff: z
    .array(z.string().regex(/^[1-9]\d{0,15}$/, "must be the id of a user in Telegram, e.g. '123456789'"))
    .max(1000)
    .default([])
    .describe('users in Telegram whose messages in groups are answers to customers'),
  notePrefix: text(16)
    .nullable()
    .default('//')
    .describe("what a staff member's message begins with that is a note for colleagues; null: none is"),
  assignment: z
    .enum(['none', ...ASSIGNMENT_MODES])
    .default('none')
    .describe('how tickets that nobody has are given to agents: not at all, in turns, or to whom has the fewest'),
  assignmentTeam: text(64)
    .nullable()
    .default(null)
    .describe('the team whose agents get the tickets that have no team; null: all agents'),
  keepTextsDays: z
    .int()
    .min(1)
    .max(36_500)
    .nullable()
    .default(null)
    .describe(
      'days after which what people wrote and are called is erased for good, at most a week later; null: it is kept until somebody asks for its erasure',
    ),
  fields: fieldDefinitionsSchema
    .default({})
    .describe('what agents can say of its tickets, by name: text, a number, a boolean, a date, one of some choices'),
};

/** How a bot's updates become tickets, as administrators write it. What is left out is as it is here. */
export const botPolicySchema = z
  .strictObject(settings)
  .refine(
    ({ closeAfterHours, reopenWithinHours }) => closeAfterHours === null || closeAfterHours >= reopenWithinHours,
    {
      path: ['closeAfterHours'],
      message: 'must not be shorter than reopenWithinHours: a closed ticket is not reopened',
    },
  );

/** The same as it was stored, maybe by a newer version with settings that this one does not know. */
export const storedPolicySchema = z.object(settings);

export type BotPolicyDocument = z.infer<typeof botPolicySchema>;

/** How the tickets of a bot are given to agents. */
export interface BotAssignment {
  readonly botId: string;
  readonly mode: AssignmentMode;
  /** Of the tickets that have no team themselves; null: anybody's. */
  readonly team: string | null;
}

/** The same as the rules ask for it. */
export interface BotPolicy {
  readonly closeAfterMs: number | null;
  readonly conversation: ConversationPolicy;
  isStaff(userId: string): boolean;
  /** Whether all customers of a topic share a ticket. */
  sharesTickets(chatId: string): boolean;
  readonly notePrefix: string | null;
  readonly fields: FieldDefinitions;
  /** How long texts and names are kept, milliseconds; null: for ever. */
  readonly keepTextsMs: number | null;
  /** null where agents take tickets themselves. */
  readonly assignment: Omit<BotAssignment, 'botId'> | null;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** @param migratedFrom as what chats were known that are others now: what was set for a group holds for the supergroup too */
export function botPolicy(document: BotPolicyDocument, migratedFrom: Readonly<Record<string, string>> = {}): BotPolicy {
  const staff = new Set(document.staff);
  const byChat = new Map(Object.entries(document.groupTicketsByChat));
  const { closeAfterHours, keepTextsDays, assignment: mode, assignmentTeam: team } = document;
  return {
    closeAfterMs: closeAfterHours === null ? null : closeAfterHours * HOUR_MS,
    conversation: {
      reopenWithinMs: document.reopenWithinHours * HOUR_MS,
      closingPhrases: new Set(document.closingPhrases.map(phrase)),
      commandsOpenTickets: document.commandsOpenTickets,
    },
    isStaff: (userId) => staff.has(userId),
    sharesTickets: (chatId) =>
      (byChat.get(chatId) ?? byChat.get(migratedFrom[chatId] ?? '') ?? document.groupTickets) === 'topic',
    notePrefix: document.notePrefix,
    fields: new Map(Object.entries(document.fields)),
    keepTextsMs: keepTextsDays === null ? null : keepTextsDays * DAY_MS,
    assignment: mode === 'none' ? null : { mode, team },
  };
}

export const STANDARD_DOCUMENT: BotPolicyDocument = botPolicySchema.parse({});

/** Of a bot that nobody has written a policy for. */
export const STANDARD_POLICY: BotPolicy = botPolicy(STANDARD_DOCUMENT);
