import { createTelegramSimulator, createUpdateGenerator, defaultKinds } from '@onceline/telegram-simulator';
import type { System } from '../system.js';

const PER_SECOND = 40;
/** Far more than a proof lasts. */
const SECONDS = 1800;

/** Of the updates, one in twenty fails at its first try, and one in a hundred for good. */
const FAULTS = [
  { match: { share: 0.01 }, kind: 'permanent', seconds: SECONDS },
  { match: { share: 0.05 }, kind: 'transient', seconds: SECONDS, times: 1 },
];

/** Load that goes on until it is ended. */
export interface Load {
  /** May be repeated. */
  end(): Promise<{ readonly acknowledged: number }>;
}

/** A day in small: updates of many kinds with copies, some that fail, one kind that nobody knows, and a stranger who guesses secrets. */
export async function keepBusy(system: System): Promise<Load> {
  await switchFaultsOn(system);
  const { ingress, bots } = system.access();
  const seed = Math.floor(Date.now() / 1000);
  const telegram = createTelegramSimulator({
    seed,
    bots: bots.map(({ id, secret }) => ({ id, secret, url: `${ingress}/telegram/${id}` })),
    faults: { 'duplicate-in-flight': 0.05, 'duplicate-later': 0.05 },
  });
  const generator = createUpdateGenerator({
    seed,
    bots: bots.map(({ id }) => id),
    chatsPerBot: 50,
    kinds: { ...defaultKinds, future_kind: 20 },
    startedAt: seed,
  });
  let isOver = false;
  const run = telegram.run({ updates: generator.take(PER_SECOND * SECONDS), rate: PER_SECOND, until: () => isOver });
  const stranger = setInterval(() => void guess(`${ingress}/telegram/${bots[0]?.id}`), 1000);
  return {
    end: async () => {
      isOver = true;
      clearInterval(stranger);
      return run.finally(() => telegram.stop());
    },
  };
}

async function switchFaultsOn(system: System): Promise<void> {
  const { ticketing, tokens } = system.access();
  const response = await fetch(`${ticketing}/v1/faults`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${tokens.admin}`, 'content-type': 'application/json' },
    body: JSON.stringify({ rules: FAULTS }),
  });
  if (!response.ok) throw new Error(`the faults were not switched on: ${response.status} ${await response.text()}`);
}

/** What comes of it is looked at in Prometheus. */
async function guess(url: string): Promise<void> {
  const headers = { 'content-type': 'application/json', 'x-telegram-bot-api-secret-token': 'guessed' };
  await fetch(url, { method: 'POST', headers, body: '{}' }).catch(() => undefined);
}
