import { TOPICS } from '@onceline/contracts';
import { eventually, startOtlpReceiver, type OtlpReceiver } from '@onceline/testing';
import { System } from '@onceline/tools';
import { post, privateMessage, read } from './webhook.js';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';

describe('one trace id from the webhook request to the published event', () => {
  let system: System;
  let receiver: OtlpReceiver;
  beforeAll(async () => {
    receiver = await startOtlpReceiver();
    system = await System.start({ environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint } });
  });
  afterAll(async () => {
    await system.stop();
    await receiver.close();
  });

  it('joins request, both topics, ticket commit and event', async () => {
    const { body, chatId, updateId } = privateMessage('Follow me');
    await post(system, body, { headers: { traceparent: `00-${TRACE_ID}-00f067aa0ba902b7-01` } });
    const spans = await eventually(() => {
      const seen = receiver.spans().filter(({ traceId }) => traceId === TRACE_ID);
      expect(seen.map(({ service, name }) => `${service}: ${name}`)).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^ingress: POST/),
          `ingress: send ${TOPICS.raw}`,
          `dedupe: process ${TOPICS.raw}`,
          `ticketing: process ${TOPICS.unique}`,
          `ticketing: send ${TOPICS.ticketEvents}`,
        ]),
      );
      return seen;
    });
    const commit = spans.find(({ name }) => name === `process ${TOPICS.unique}`);
    expect(commit?.attributes['onceline.outcome']).toBe('ticket-opened');

    const headersOf = async (topic: string): Promise<string[]> =>
      (await system.recordsOf(topic)).map(({ headers }) => headers['traceparent']?.split('-')[1] ?? 'none');
    for (const topic of [TOPICS.raw, TOPICS.unique, TOPICS.ticketEvents]) {
      const ids = await headersOf(topic);
      expect([topic, ids.length > 0, ids.every((id) => id === TRACE_ID)]).toEqual([topic, true, true]);
    }

    const key = `tg1:1000001:message:${chatId}:${updateId % 100_000}:${updateId}`;
    const { json } = await read<{ traceId: string }>(system, `/v1/ledger/${encodeURIComponent(key)}`);
    expect(json.traceId).toBe(TRACE_ID);
  });
});
