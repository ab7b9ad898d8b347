import { EVENTS_SOURCE, RECORDS_SOURCE } from './source.js';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const row = (payload: string) => ({
  ...{ tx_id: '1', id: '1', ticket_id: 't', type: 'message-appended', event_id: 't.1', payload },
  ...{ traceparent, tracestate: null },
});
const envelope = { schemaVersion: 1, eventId: 't.1', occurredAt: '2026-01-01T00:00:00.250Z' };

describe('when it happened that an event tells of', () => {
  it('is said by its envelope, whatever a customer writes', () => {
    const text = '"occurredAt":"1999-01-01T00:00:00Z"';
    const payload = JSON.stringify({ ...envelope, data: { text } });
    expect(EVENTS_SOURCE.happeningOf(row(payload))).toEqual({ at: Date.UTC(2026, 0, 1, 0, 0, 0, 250), traceparent });
    expect(EVENTS_SOURCE.happeningOf(row(JSON.stringify({ data: { text } })))).toBeUndefined();
  });

  it.each(['{}', '{"occurredAt":"soon"}'])('is not known of %s', (payload) => {
    expect(EVENTS_SOURCE.happeningOf(row(payload))).toBeUndefined();
  });
});

it('retries and dead letters tell of nothing that happened outside', () => {
  const record = { tx_id: '1', id: '1', topic: 't', key: null, value: null, headers: {} };
  expect(RECORDS_SOURCE.happeningOf(record)).toBeUndefined();
});
