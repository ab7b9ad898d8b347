import { WEBHOOK_PATH } from '../../decide-answer.js';

/** What a door says to a secret. `silent`: nothing that would tell. */
export type DoorAnswer = 'takes-it' | 'refuses-it' | 'unknown-bot' | 'silent';

/** Each on a connection of its own, so that a load balancer spreads them over the replicas. */
const PROBES = 12;
const TIMEOUT_MS = 10_000;

/**
 * Asks a door whether it takes a secret, without leaving anything there: the door looks at the secret before it looks at the
 * type, so a request that is no JSON is refused with 415 by who knows the secret and with 401 by who does not.
 */
export async function probeDoor(base: string, botId: string, secret: string): Promise<DoorAnswer> {
  const answers = await Promise.all(Array.from({ length: PROBES }, () => probeOnce(base, botId, secret)));
  const order: readonly DoorAnswer[] = ['refuses-it', 'unknown-bot', 'silent'];
  return order.find((bad) => answers.includes(bad)) ?? 'takes-it';
}

async function probeOnce(base: string, botId: string, secret: string): Promise<DoorAnswer> {
  try {
    const { status, body } = await fetch(`${base}${WEBHOOK_PATH}${botId}`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', 'x-telegram-bot-api-secret-token': secret, connection: 'close' },
      body: '',
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await body?.cancel();
    return meaningOf(status);
  } catch {
    return 'silent';
  }
}

function meaningOf(status: number): DoorAnswer {
  if (status === 415) return 'takes-it';
  if (status === 401) return 'refuses-it';
  return status === 404 ? 'unknown-bot' : 'silent';
}
