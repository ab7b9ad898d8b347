import { ticketEventSchema } from '@onceline/contracts';
import fc from 'fast-check';
import type { AgentCommand } from './commands.js';
import { fieldChanges, valuesMeantBy, withFields, type FieldDefinitions, type FieldValue } from './custom-fields.js';
import { decide } from './decide.js';
import { decideForAgent } from './decide-for-agent.js';
import { evolveTicket, replay } from './evolve.js';
import { message } from './fixtures.spec.js';
import { NO_TICKET, type Ticket } from './state.js';

const DEFINITIONS: FieldDefinitions = new Map([
  ['order', { type: 'text' }],
  ['amount', { type: 'number' }],
  ['paid', { type: 'boolean' }],
  ['due', { type: 'date' }],
  ['reason', { type: 'choice', choices: ['lost', 'broken'] }],
  // Every object has something of this name.
  ['constructor', { type: 'text' }],
]);

const FRESH = replay(decide(message(), NO_TICKET)) as Ticket;
const wish = (fields: Readonly<Record<string, FieldValue | null>>): AgentCommand => ({
  ...{ type: 'change-ticket', idempotencyKey: 'command:ada:1', by: 'ada', occurredAt: '2026-01-01T12:00:00.000Z' },
  changes: { fields },
});
const having = (fields: Ticket['fields']): Ticket => ({ ...FRESH, fields });
const ask = (fields: Readonly<Record<string, FieldValue | null>>, ticket = FRESH, definitions = DEFINITIONS) =>
  decideForAgent(wish(fields), ticket, definitions);

it('values of each type are an event that says what was before, and null removes', () => {
  const values = { order: 'A-1', amount: 12.5, paid: false, due: '2026-02-28', reason: 'lost', constructor: 'x' };
  const decision = ask(values);
  if ('refusal' in decision) throw new Error(decision.refusal.detail);
  const after = decision.events.reduce(evolveTicket, FRESH);
  expect(after.fields).toEqual(values);
  expect(decision.events.map((event) => ticketEventSchema.safeParse(event).success)).toEqual([true]);
  expect(ask({ order: null, amount: 13, paid: false }, after)).toMatchObject({
    events: [
      {
        type: 'ticket-fields-changed',
        data: {
          by: 'ada',
          changed: [
            { name: 'amount', from: 12.5, to: 13 },
            { name: 'order', from: 'A-1', to: null },
          ],
        },
      },
    ],
  });
});

it.each([
  ['order', 7],
  ['order', ''],
  ['order', 'x'.repeat(1001)],
  ['amount', '7'],
  ['amount', Number.POSITIVE_INFINITY],
  ['paid', 'yes'],
  ['due', '2026-02-30'],
  ['due', '2026-1-1'],
  ['due', 20260101],
  ['reason', 'late'],
  ['reason', true],
  ['oder', 'A-1'],
  ['oder', null],
  ['toString', 'x'],
])('%s cannot be %j, and the answer names the field', (name, value) => {
  const decision = ask({ [name]: value });
  expect(decision).toMatchObject({ refusal: { field: `fields.${name}` } });
});

it('what is stored stays when its definition changes or goes: it may be sent back as it is, and removed', () => {
  const before = having({ amount: 'about ten', old: 'x' });
  expect(ask({ amount: 'about ten', old: 'x' }, before)).toEqual({ events: [] });
  expect(ask({ amount: 'about nine' }, before)).toHaveProperty('refusal');
  expect(ask({ old: null }, before)).toMatchObject({ events: [{ data: { changed: [{ from: 'x', to: null }] } }] });
  expect(ask({ old: 'y' }, before)).toHaveProperty('refusal');
});

it('a wish with one wrong field changes nothing at all', () => {
  expect(ask({ order: 'A-1', amount: 'x' })).not.toHaveProperty('events');
});

const name = fc.constantFrom('order', 'amount', 'paid', 'constructor', 'gone');
const value = fc.oneof(fc.string(), fc.double({ noNaN: true }), fc.boolean());
const values = fc.dictionary(name, value, { noNullPrototype: true });
const wanted = fc.dictionary(name, fc.option(value), { noNullPrototype: true });

it('for any values and wishes: afterwards all is as it was wanted, the rest as before, and a repeat changes nothing', () => {
  fc.assert(
    fc.property(values, wanted, (before, wishes) => {
      const after = withFields(before, fieldChanges(before, wishes));
      for (const [field, to] of Object.entries(wishes)) {
        expect(Object.hasOwn(after, field)).toBe(to !== null);
        if (to !== null) expect(after[field] === to).toBe(true);
      }
      for (const field of Object.keys(before)) {
        if (!Object.hasOwn(wishes, field)) expect(after[field]).toBe(before[field]);
      }
      expect(fieldChanges(after, wishes)).toEqual([]);
    }),
  );
});

it('for any wish: what is decided is as published, and leaves nothing but values that fit', () => {
  const types = { order: 'string', amount: 'number', paid: 'boolean', constructor: 'string' };
  fc.assert(
    fc.property(wanted, (wishes) => {
      const decision = ask(wishes);
      if ('refusal' in decision) return;
      for (const event of decision.events) {
        expect(ticketEventSchema.parse(JSON.parse(JSON.stringify(event)))).toEqual(event);
      }
      const { fields } = decision.events.reduce(evolveTicket, FRESH);
      for (const [field, stored] of Object.entries(fields)) {
        expect(typeof stored).toBe(types[field as keyof typeof types]);
      }
    }),
  );
});

it.each([
  ['A-1', ['A-1']],
  ['12.50', ['12.50', 12.5]],
  ['-3', ['-3', -3]],
  ['007', ['007']],
  ['1e999', ['1e999']],
  ['true', ['true', true]],
  ['2026-03-29', ['2026-03-29']],
])('whoever looks for %s means any of these: %j', (text, values) => {
  expect(valuesMeantBy(text)).toEqual(values);
});

it('any value is found by what it looks like', () => {
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value));
  fc.assert(
    fc.property(fc.oneof(finite, fc.boolean(), fc.string({ minLength: 1 })), (value) => {
      expect(valuesMeantBy(String(value))).toContain(value);
    }),
  );
});
