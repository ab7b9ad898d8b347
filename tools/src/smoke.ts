import { setTimeout as sleep } from 'node:timers/promises';
import { readAccess, UsageError, type Access } from './access.js';

const PATIENCE_MS = 10_000;

interface LedgerEntry {
  readonly outcome: string;
  readonly ticketId: string | null;
  readonly traceId?: string | null;
  readonly duplicates: readonly unknown[];
}

/** `npm run smoke`: one update in, one ticket out, the copy refused. */
async function main(): Promise<void> {
  const access = readAccess();
  const updateId = 1_000_000_000 + (Date.now() % 1_000_000_000);
  const chatId = 8_000_000_000 + (Date.now() % 1_000_000);
  const [bot] = access.bots;
  const key = `tg1:${bot?.id}:message:${chatId}:1:${updateId}`;
  const from = { id: chatId, is_bot: false, first_name: 'Smoke' };
  const message = {
    message_id: 1,
    from,
    chat: { id: chatId, type: 'private' },
    date: Math.floor(Date.now() / 1000),
    text: 'smoke',
  };
  const body = JSON.stringify({ update_id: updateId, message });
  await post(access, body);
  const opened = await ledger(access, key, ({ outcome }) => outcome === 'ticket-opened');
  console.log(`one update in, ticket ${opened.ticketId} out`);
  console.log(opened.traceId ? `trace ${opened.traceId}` : 'tracing is off');
  await post(access, body);
  const copied = await ledger(access, key, ({ duplicates }) => duplicates.length === 1);
  if (copied.ticketId !== opened.ticketId) throw new Error(`the copy changed the ticket to ${copied.ticketId}`);
  console.log('the copy was refused and is in the ledger');
  console.log('smoke: ok');
}

async function post(access: Access, body: string): Promise<void> {
  const [bot] = access.bots;
  const response = await fetch(`${access.ingress}/telegram/${bot?.id}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-telegram-bot-api-secret-token': bot?.secret ?? '' },
    body,
  });
  if (response.status !== 200) throw new Error(`the ingress answered ${response.status}: ${await response.text()}`);
}

async function ledger(access: Access, key: string, isThere: (entry: LedgerEntry) => boolean): Promise<LedgerEntry> {
  const deadline = Date.now() + PATIENCE_MS;
  let last = '';
  while (Date.now() < deadline) {
    const response = await fetch(`${access.ticketing}/v1/ledger/${encodeURIComponent(key)}`, {
      headers: { authorization: `Bearer ${access.tokens.viewer}` },
    });
    last = await response.text();
    if (response.ok) {
      const entry = JSON.parse(last) as LedgerEntry;
      if (isThere(entry)) return entry;
    }
    await sleep(50);
  }
  throw new Error(`the ledger did not get there within ${PATIENCE_MS / 1000} s, it says: ${last}`);
}

main().catch((error: Error) => {
  console.error(error instanceof UsageError ? error.message : `smoke: ${error.message}`);
  console.log('smoke: failed');
  process.exitCode = 1;
});
