/** What a bot's administrators let agents say of tickets, beside what every ticket has. */
export type FieldDefinition =
  | { readonly type: 'text' | 'number' | 'boolean' | 'date' }
  | { readonly type: 'choice'; readonly choices: readonly string[] };

export type FieldDefinitions = ReadonlyMap<string, FieldDefinition>;
export const NO_FIELDS: FieldDefinitions = new Map();

export type FieldValue = string | number | boolean;
/** By name. What was stored under a definition of before stays as it is. */
export type FieldValues = Readonly<Record<string, FieldValue>>;

/** By name; null removes. */
export type WantedFields = Readonly<Record<string, FieldValue | null>>;

export interface FieldChange {
  readonly name: string;
  /** null where there was none, or is none any more. */
  readonly from: FieldValue | null;
  readonly to: FieldValue | null;
}

/** Characters. */
export const LONGEST_FIELD_TEXT = 1000;

/** Those that differ from what is there, in the order of their names. */
export function fieldChanges(before: FieldValues, wanted: WantedFields): readonly FieldChange[] {
  return wishes(before, wanted).filter(({ from, to }) => from !== to);
}

function wishes(before: FieldValues, wanted: WantedFields): FieldChange[] {
  return Object.entries(wanted)
    .map(([name, value]) => ({ name, from: valueOf(before, name), to: storable(value) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function withFields(before: FieldValues, changes: readonly Pick<FieldChange, 'name' | 'to'>[]): FieldValues {
  const after = new Map(Object.entries(before));
  for (const { name, to } of changes) {
    if (to === null) after.delete(name);
    else after.set(name, to);
  }
  return Object.fromEntries(after);
}

/** Why one of them cannot be so. What is there already may be sent back, and removed, under whatever definition it was stored. */
export function fieldsFault(before: FieldValues, wanted: WantedFields, definitions: FieldDefinitions) {
  for (const { name, from, to } of wishes(before, wanted)) {
    if (from !== null && (to === from || to === null)) continue;
    const definition = definitions.get(name);
    if (!definition) return { name, ...unknownName(name, definitions) };
    if (to !== null && !fits(to, definition)) return { name, ...wrongValue(name, definition) };
  }
  return undefined;
}

/** A number as JSON has it: what looks like another one, as 007, is text. */
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** Whoever looks for a value writes text, whatever its type is, and was when it was stored. */
export function valuesMeantBy(text: string): readonly FieldValue[] {
  const values: FieldValue[] = [text];
  if (NUMBER.test(text) && Number.isFinite(Number(text))) values.push(Number(text));
  if (text === 'true' || text === 'false') values.push(text === 'true');
  return values;
}

/** JSON knows no minus before a zero. */
function storable(value: FieldValue | null): FieldValue | null {
  return value === 0 ? 0 : value;
}

/** A field may be called as something that every object has. */
function valueOf(values: FieldValues, name: string): FieldValue | null {
  return Object.hasOwn(values, name) ? (values[name] ?? null) : null;
}

function fits(value: FieldValue, definition: FieldDefinition): boolean {
  switch (definition.type) {
    case 'text':
      return typeof value === 'string' && value !== '' && value.length <= LONGEST_FIELD_TEXT;
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'boolean':
      return typeof value === 'boolean';
    case 'date':
      return typeof value === 'string' && isDay(value);
    case 'choice':
      return typeof value === 'string' && definition.choices.includes(value);
    default:
      return definition satisfies never;
  }
}

/** A day that the calendar has: `2026-02-30` would be read as a day in March. */
function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const day = new Date(`${text}T00:00:00.000Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

const FIXES = {
  text: `Send text of 1 to ${LONGEST_FIELD_TEXT} characters; null removes the field.`,
  number: 'Send a number, e.g. 12.5.',
  boolean: 'Send true or false.',
  date: 'Send a day that the calendar has, e.g. "2026-03-29".',
} as const;

function wrongValue(name: string, definition: FieldDefinition) {
  const { type } = definition;
  const fix = definition.type === 'choice' ? `Send one of: ${listed(definition.choices)}.` : FIXES[definition.type];
  return { detail: `This is no value of the field "${name}", whose type is ${type}.`, fix };
}

function unknownName(name: string, definitions: FieldDefinitions) {
  const names = [...definitions.keys()];
  const others = names.length === 0 ? 'It has none.' : `It has: ${listed(names)}.`;
  const fix = `${others} An administrator adds one in the policy of the bot.`;
  return { detail: `The bot of this ticket has no field "${name}".`, fix };
}

const MOST_LISTED = 20;

function listed(names: readonly string[]): string {
  const [shown, more] = [names.slice(0, MOST_LISTED).join(', '), names.length - MOST_LISTED];
  return more > 0 ? `${shown}, and ${more} more` : shown;
}
