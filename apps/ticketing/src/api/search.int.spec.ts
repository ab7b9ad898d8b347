/** Messages are found by what they say and by who wrote them. */
import { encodeCursor } from '@onceline/service-kit';
import { eventually } from '@onceline/testing';
import fc from 'fast-check';
import { messageFrom } from '../store/fixtures.spec.js';
import { TestService } from '../test-service.spec.js';

interface Page {
  readonly items: { readonly ticketId: string; readonly messageId: number; readonly excerpt: string | null }[];
  readonly nextCursor: string | null;
}

const search = async (q: string, more = '') =>
  (await service.get<Page>(`/v1/search?q=${encodeURIComponent(q)}${more}`)).json;
const texts = async (q: string, more = '') => (await search(q, more)).items.map(({ excerpt }) => excerpt);

let service: TestService;
let own: Readonly<Record<'ada' | 'boris' | 'photo', { ticketId: string }>>;
beforeAll(async () => {
  service = await TestService.start();
  let sentAt = 1_760_000_000;
  const write = async (chat: number, text: string | undefined, changes: object = {}, bot = '7') => {
    const from = { id: chat, is_bot: false, first_name: `Customer${chat}` };
    sentAt += 60;
    const update = messageFrom(chat, text, { date: sentAt, from, ...changes });
    return service.settled(await service.publish(update, { bot }));
  };
  const ada = await write(801, 'My parcel is LOST, where is it?');
  await write(801, 'The parcel was never delivered');
  const boris = await write(802, 'Хочу вернуть деньги', {
    from: { id: 802, is_bot: false, first_name: 'Борис', username: 'boris_80' },
  });
  const photo = await write(803, undefined, {
    text: undefined,
    photo: [{ file_id: 'f', file_unique_id: 'u', width: 1, height: 1 }],
  });
  await write(804, 'parcel for another bot', {}, '8');
  await service.ask('ada', 'PATCH', `/v1/tickets/${ada.ticketId}`, { status: 'pending' });
  own = { ada, boris, photo };
  await eventually(async () => {
    expect(await texts('another bot')).toHaveLength(1);
  });
}, 60_000);
afterAll(() => service.stop());

it('finds words in any case and language, the last written first, and the beginning of the last word', async () => {
  expect(await texts('lost')).toEqual(['My parcel is ⟦LOST⟧, where is it']);
  expect(await texts('PARC', '&bot=7')).toEqual([
    'The ⟦parcel⟧ was never delivered',
    'My ⟦parcel⟧ is LOST, where is it',
  ]);
  expect(await texts('вернуть день')).toEqual(['Хочу ⟦вернуть⟧ ⟦деньги⟧']);
  expect(await texts('parc lost')).toEqual([]);
});

it('understands quotes, or and minus', async () => {
  expect(await texts('"parcel is lost"')).toHaveLength(1);
  expect(await texts('"lost parcel"')).toEqual([]);
  expect(await texts('lost or delivered')).toHaveLength(2);
  expect(await texts('parcel -lost', '&bot=7')).toEqual(['The ⟦parcel⟧ was never delivered']);
});

it('finds who wrote, also what has no words', async () => {
  expect((await search('борис')).items).toMatchObject([{ ticketId: own.boris.ticketId }]);
  expect((await search('boris_80')).items).toMatchObject([{ ticketId: own.boris.ticketId }]);
  expect((await search('Customer803')).items).toMatchObject([{ ticketId: own.photo.ticketId, excerpt: null }]);
});

it('filters by bot and by status of the ticket, page by page', async () => {
  expect(await texts('parcel')).toHaveLength(3);
  expect(await texts('parcel', '&bot=8')).toEqual(['⟦parcel⟧ for another bot']);
  expect(await texts('parcel', '&status=pending')).toHaveLength(2);
  expect(await texts('parcel', '&status=closed')).toEqual([]);
  const first = await search('parcel', '&bot=7&limit=1');
  const second = await search('parcel', `&bot=7&limit=1&cursor=${first.nextCursor}`);
  expect([first, second].flatMap(({ items }) => items.map(({ excerpt }) => excerpt))).toEqual(
    await texts('parcel', '&bot=7'),
  );
  expect(second.nextCursor).toBeNull();
});

it('shows a message as it reads after an edit', async () => {
  const message = messageFrom(805, 'I want a banana', { date: 1_761_000_000 });
  await service.settled(await service.publish(message));
  const edit = { ...message.message, text: 'I want a cucumber', edit_date: 1_761_000_100 };
  const key = await service.publish(
    { update_id: 900_001, edited_message: edit },
    { key: 'tg1:7:edited_message:805:1:900001' },
  );
  expect(await service.settled(key)).toMatchObject({ outcome: 'message-edited' });
  await eventually(async () => {
    expect(await texts('cucumber')).toEqual(['I want a ⟦cucumber⟧']);
  });
  expect(await texts('banana')).toEqual([]);
});

it('whatever is asked, the answer is a page', async () => {
  const odd = [
    '',
    '"',
    '-',
    'or',
    "'",
    '\\',
    ':*',
    '&|!',
    '<->',
    '()',
    '%',
    'a:*',
    "x' & 'y",
    '"" or -',
    '\u3164',
    '00012',
    '1e400',
  ];
  const asked = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.array(fc.constantFrom(...odd, 'lost'), { maxLength: 6 }).map((parts) => parts.join(' ')),
  );
  await fc.assert(
    fc.asyncProperty(asked, async (text) => {
      const q = text.replaceAll('\u0000', '').slice(0, 200) || ' ';
      const { status } = await service.get(`/v1/search?q=${encodeURIComponent(q.toWellFormed())}`);
      expect(status).toBe(200);
    }),
    { numRuns: 150 },
  );
});

it.each([
  ['', 'query.q'],
  ['q=', 'query.q'],
  ['q=%00', 'query.q'],
  ['q=a&status=lost', 'query.status'],
  ['q=a&cursor=x', 'query.cursor'],
  [`q=a&cursor=${encodeCursor(['2026-01-01T00:00:00.000Z', 't', 2 ** 40])}`, 'query.cursor'],
  ['q=a&sort=rank', 'query'],
])('a search with "%s" is a problem that names the field', async (query, field) => {
  const answer = await service.get(`/v1/search?${query}`);
  expect([answer.status, answer.json['field']]).toEqual([400, field]);
});
