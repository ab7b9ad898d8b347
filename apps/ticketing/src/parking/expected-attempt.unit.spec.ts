import { deliveryOf } from '../intake/delivery.js';
import { isExpected } from './expected-attempt.js';

const now = 1_000_000;
const head = { attempt: 2, redriveId: null, dueAt: now - 1 };
const delivered = (headers: Record<string, string>) => {
  const delivery = deliveryOf({ topic: 'ticketing.redelivery', headers, timestamp: now });
  if (delivery.type === 'first') throw new Error('a redelivery was taken for a first delivery');
  return delivery;
};

it.each([
  ['the number that is waited for', { attempt: '2' }, head, true],
  [
    'the same before its time: the hold may be a moment early by our clock',
    { attempt: '2' },
    { ...head, dueAt: now + 9 },
    true,
  ],
  ['a try before', { attempt: '1' }, head, false],
  ['a number that nobody wrote', { attempt: '7' }, head, true],
  ['no number', {}, head, true],
  ['no number, before its time', {}, { ...head, dueAt: now + 9 }, false],
  ['a redrive where none is waited for', { attempt: '2', 'redrive-id': 'r1' }, head, false],
  ['another redrive', { attempt: '2', 'redrive-id': 'r1' }, { ...head, redriveId: 'r2' }, false],
  ['a try from before the redrive', { attempt: '2' }, { ...head, redriveId: 'r2' }, false],
  ['the redrive that is waited for', { attempt: '2', 'redrive-id': 'r2' }, { ...head, redriveId: 'r2' }, true],
])('%s', (_, headers, waiting, expected) => {
  expect(isExpected(delivered(headers), waiting, now)).toBe(expected);
});

it('what comes from unique is a first delivery, whatever its headers say', () => {
  const headers = { attempt: '3', 'redrive-id': 'r1' };
  expect(deliveryOf({ topic: 'telegram.updates.unique', headers, timestamp: now })).toEqual({ type: 'first' });
});

it('absurd headers of a redelivery are read as nothing, and named', () => {
  const headers = { attempt: '1e3', 'retried-at': 'yesterday', 'redrive-id': '\u0000', 'redrive-count': '-5' };
  expect(delivered(headers)).toEqual({
    type: 'again',
    attempt: null,
    leftAt: null,
    redrive: null,
    distrusted: ['attempt', 'retried-at', 'redrive-id', 'redrive-count'],
  });
});
