/** A dead letter as the lists of the API show it, as far as a shell needs it. */
export interface DeadLetterLine {
  readonly id: string;
  readonly status: string;
  readonly consumer: string;
  readonly class: string;
  readonly fingerprint: string;
  readonly failure: { readonly kind: string; readonly code: string; readonly message: string };
  readonly handlerVersion: string | null;
  readonly attempts: number;
  readonly botId: string | null;
  readonly conversation: string | null;
  readonly idempotencyKey: string | null;
  readonly traceId: string | null;
  readonly redriveCount: number;
  readonly redriveId: string | null;
  readonly firstFailedAt: string | null;
  readonly deadAt: string;
}

export interface DeadLetterPage extends DeadLetterLine {
  readonly position: { readonly topic: string; readonly partition: number; readonly offset: number };
  readonly deadLetterReason: string | null;
  readonly copies: number;
  readonly payload: { readonly base64: string | null; readonly text: string | null; readonly bytes: number };
  readonly headers: Readonly<Record<string, string>>;
  readonly redrives: readonly {
    readonly redriveId: string;
    readonly state: string;
    readonly outcome: string | null;
    readonly ticketId: string | null;
    readonly isCorrected: boolean;
  }[];
  readonly history: readonly {
    readonly at: string;
    readonly action: string;
    readonly actor: string;
    readonly reason: string;
  }[];
  readonly sameUpdate: readonly { readonly id: string; readonly status: string }[];
}

export interface Group {
  readonly fingerprint: string;
  readonly consumer: string;
  readonly class: string;
  readonly failure: DeadLetterLine['failure'];
  readonly handlerVersion: string | null;
  readonly count: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly firstSeenAt: string;
  readonly lastSeenAt: string;
}

export interface RedriveLine {
  readonly id: string;
  readonly state: string;
  readonly note: string | null;
  readonly reason: string;
  readonly requestedBy: string;
  readonly selection: string;
  readonly selected: number;
  readonly createdAt: string;
}

export interface RedriveProgress extends RedriveLine {
  readonly counts: Readonly<Record<'waiting' | 'sent' | 'redriven' | 'failedAgain' | 'released', number>>;
  readonly outcomes: Readonly<Record<string, number>>;
}

/** Columns as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function listTable(items: readonly DeadLetterLine[]): string {
  const head = ['id', 'status', 'consumer', 'cause', 'fingerprint', 'conversation', 'dead since'];
  const rows = items.map((item) => [
    item.id,
    item.status,
    item.consumer,
    `${item.failure.kind} ${item.failure.code}`,
    item.fingerprint,
    item.conversation ?? '-',
    item.deadAt,
  ]);
  return table([head, ...rows]);
}

export function groupsTable(items: readonly Group[]): string {
  const head = ['fingerprint', 'count', 'statuses', 'consumer', 'class', 'cause', 'first seen', 'last seen'];
  const rows = items.map((group) => [
    group.fingerprint,
    String(group.count),
    countWords(group.statuses),
    group.consumer,
    group.class,
    `${group.failure.code}: ${group.failure.message}`.slice(0, 60),
    group.firstSeenAt,
    group.lastSeenAt,
  ]);
  return table([head, ...rows]);
}

export function page(item: DeadLetterPage): string {
  const { position, failure } = item;
  const facts = Object.entries({
    id: item.id,
    status: item.status,
    where: `${position.topic} partition ${position.partition} offset ${position.offset}${item.copies > 1 ? ` (${item.copies} copies)` : ''}`,
    cause: `${failure.kind} ${failure.code}: ${failure.message}`,
    'given up': item.deadLetterReason ?? '-',
    fingerprint: item.fingerprint,
    'handler version': item.handlerVersion ?? '-',
    attempts: String(item.attempts),
    'first failed': item.firstFailedAt ?? '-',
    dead: item.deadAt,
    key: item.idempotencyKey ?? '-',
    conversation: item.conversation ?? '-',
    bot: item.botId ?? '-',
    trace: item.traceId ?? '-',
    'redrives before': String(item.redriveCount),
  });
  const sections = [
    table(facts),
    `headers\n${indent(table(Object.entries(item.headers)))}`,
    `payload (${item.payload.bytes} bytes)\n${indent(item.payload.text ?? item.payload.base64 ?? 'none')}`,
    ...item.redrives.map(
      ({ redriveId, state, outcome, isCorrected }) =>
        `redrive ${redriveId}: ${state}${outcome === null ? '' : `, ${outcome}`}${isCorrected ? ', corrected payload' : ''}`,
    ),
    ...item.history.map(({ at, action, actor, reason }) => `${at} ${action} by ${actor}: ${reason}`),
    ...item.sameUpdate.map(({ id, status }) => `the same update is also dead letter ${id}: ${status}`),
  ];
  return sections.join('\n\n');
}

export function redrivesTable(items: readonly RedriveLine[]): string {
  const head = ['id', 'state', 'selected', 'what', 'by', 'why', 'since'];
  const rows = items.map((item) => [
    item.id,
    item.state,
    String(item.selected),
    item.selection,
    item.requestedBy,
    item.reason.slice(0, 40),
    item.createdAt,
  ]);
  return table([head, ...rows]);
}

/** "40 selected: 29 redriven, 1 failed again, 10 waiting". */
export function progressWords({ selected, counts }: RedriveProgress): string {
  const parts = [
    `${counts.redriven} redriven`,
    `${counts.failedAgain} failed again`,
    ...(counts.sent > 0 ? [`${counts.sent} on their way`] : []),
    ...(counts.waiting > 0 ? [`${counts.waiting} waiting`] : []),
    ...(counts.released > 0 ? [`${counts.released} left open`] : []),
  ];
  return `${selected} selected: ${parts.join(', ')}`;
}

export function countWords(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}
