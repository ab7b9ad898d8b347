import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '@onceline/service-kit';
import { Exchange } from './exchange.js';
import { EndingReport } from './report-ending.js';

interface Line {
  readonly level: string;
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

function recordingReport() {
  const lines: Line[] = [];
  const counts: string[] = [];
  const write = (level: string) => (fields: Record<string, unknown>, message: string) => {
    lines.push({ level, fields, message });
  };
  const count =
    (name: string) =>
    (...values: string[]) =>
      void counts.push([name, ...values].join(' '));
  const metrics = {
    requests: count('requests'),
    rejected: count('rejected'),
    updates: count('updates'),
    drift: count('drift'),
    unknownParts: count('unknown'),
    ackSeconds: { observe: () => counts.push('ack') },
  };
  const logger = { info: write('info'), warn: write('warn') };
  return { lines, counts, report: new EndingReport(metrics as never, logger as unknown as Logger) };
}

function exchange(botId: string): Exchange {
  const made = new Exchange(botId, { headers: {} } as IncomingMessage, {} as ServerResponse);
  made.add(Buffer.from('private words'));
  return made;
}

describe('the report of an ending', () => {
  it('counts an acceptance and writes nothing', () => {
    const { lines, counts, report } = recordingReport();
    report.ended(exchange('1'), { how: 'accepted', update: { updateId: 1, kind: 'message', payload: {} } });
    expect(counts).toEqual(['requests accepted', 'ack', 'updates message']);
    expect(lines).toEqual([]);
  });

  it('counts what it does not know by its name, and writes each name once', () => {
    const { lines, counts, report } = recordingReport();
    const update = { updateId: 1, kind: 'hologram', payload: {}, otherFields: ['aura'] };
    report.ended(exchange('1'), { how: 'accepted', update });
    report.ended(exchange('1'), { how: 'accepted', update });
    const each = [
      'requests accepted',
      'ack',
      'updates unknown',
      'unknown kind hologram',
      'unknown field aura',
      'drift',
    ];
    expect(counts).toEqual([...each, ...each]);
    expect(lines.map(({ level, fields }) => [level, fields])).toEqual([
      ['warn', { kind: 'hologram' }],
      ['warn', { field: 'aura' }],
    ]);
  });

  it.each([
    ['malformed', 400, 'rejected', 'warn'],
    ['wrong-secret', 401, 'rejected', 'warn'],
    ['unknown-bot', 404, 'rejected', 'info'],
    ['overloaded', 429, 'shed', 'warn'],
    ['broker-unavailable', 503, 'failed', 'warn'],
  ] as const)('writes one line for %s, without a byte of the body', (refusal, status, outcome, level) => {
    const { lines, counts, report } = recordingReport();
    report.ended(exchange('1000001'), { how: 'refused', refusal, status, cause: 'why' });
    expect(counts).toEqual([`requests ${outcome}`, `rejected ${refusal}`]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      level,
      fields: {
        refusal,
        status,
        cause: 'why',
        botId: '1000001',
        bytes: 13,
        durationMs: expect.any(Number),
        trace_id: expect.stringMatching(/^[\da-f]{32}$/),
      },
    });
    expect(JSON.stringify(lines)).not.toContain('private words');
  });

  it('shows a path only when it looks like a bot id', () => {
    const { lines, report } = recordingReport();
    report.ended(exchange('1000001/secret-in-path'), { how: 'refused', refusal: 'unknown-bot', status: 404 });
    expect(JSON.stringify(lines)).not.toContain('secret-in-path');
  });

  it('counts who went away', () => {
    const { lines, counts, report } = recordingReport();
    report.ended(exchange('1'), { how: 'broken-off' });
    expect(counts).toEqual(['requests broken-off']);
    expect(lines).toHaveLength(1);
  });
});
