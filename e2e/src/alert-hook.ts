import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One alert of a notification, as Alertmanager posts it. */
export interface HookedAlert {
  /** Last part of the address that it was posted to: the receiver. */
  readonly receiver: string;
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
}

/** Whoever is told of alerts. */
export interface AlertHook {
  readonly url: string;
  /** In the order of their arrival; a notification repeats what it said before. */
  readonly alerts: readonly HookedAlert[];
  close(): Promise<void>;
}

/** Takes what Alertmanager posts. */
export async function startAlertHook(): Promise<AlertHook> {
  const alerts: HookedAlert[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const receiver = request.url?.split('/').at(-1) ?? '';
      const notification = JSON.parse(body) as { alerts: readonly Omit<HookedAlert, 'receiver'>[] };
      alerts.push(...notification.alerts.map((alert) => ({ ...alert, receiver })));
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    alerts,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const bytes of request) body += String(bytes);
  return body;
}
