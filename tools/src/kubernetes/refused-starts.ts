import { setTimeout as sleep } from 'node:timers/promises';
import { localCredentials, localSecrets, secretOf } from './local-secrets.js';
import type { LocalSystem } from './local-system.js';

const PATIENCE_MS = 90_000;

interface State {
  readonly waiting?: { readonly message?: string };
  readonly terminated?: { readonly message?: string };
}

interface Pods {
  readonly items: readonly {
    readonly status: { readonly containerStatuses?: readonly { readonly state?: State; readonly lastState?: State }[] };
  }[];
}

/**
 * What a person sees of a Secret that is missing, and of one that is wrong: the new pod names it, while the old one goes on. Puts everything
 * right again. Empty when nothing is wrong.
 */
export async function refusedStarts(system: LocalSystem, tell: (line: string) => void): Promise<readonly string[]> {
  const faults: string[] = [];
  const expectSaid = async (what: string, ...words: string[]): Promise<void> => {
    await system.run('rollout', 'restart', 'deployment/ingress');
    const said = await saidByPods(system, words);
    if (said === undefined) faults.push(`no pod of ingress says that ${what}`);
    else tell(`${what}; the pod says: ${said.trim()}`);
    const ready = await system.run('get', 'deployment', 'ingress', '-o', 'jsonpath={.status.readyReplicas}');
    if (ready !== '1') faults.push(`when ${what}, ${ready || 'no'} pods of ingress were ready in place of the old one`);
  };
  try {
    await system.run('delete', 'secret', 'onceline-bots');
    await expectSaid('a Secret is missing', 'onceline-bots');
    await system.apply(secretOf('onceline-bots', { BOTS: 'not a list' }));
    await expectSaid('a Secret is wrong', 'BOTS', 'JSON list');
  } finally {
    await system.apply(JSON.parse(localSecrets(localCredentials())) as object);
  }
  await system.run('rollout', 'restart', 'deployment/ingress');
  await system.ready('deployment/ingress');
  return faults;
}

/** What a container that waits or has ended says of itself, once one says all of the words. */
async function saidByPods(system: LocalSystem, words: readonly string[]): Promise<string | undefined> {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const { items } = await system.json<Pods>('get', 'pods', '-l', 'app.kubernetes.io/name=ingress');
    const states = items.flatMap(({ status: { containerStatuses = [] } }) =>
      containerStatuses.flatMap(({ state, lastState }) => [state, lastState]),
    );
    const messages = states.flatMap((state) => [state?.waiting?.message, state?.terminated?.message]);
    const found = messages.find((message) => message !== undefined && words.every((word) => message.includes(word)));
    if (found !== undefined) return found;
    await sleep(1000);
  }
  return undefined;
}
