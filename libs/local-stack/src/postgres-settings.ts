// Safe when the server is killed, as specs do, not when the machine is: commits still reach the operating system.
const NOT_DURABLE = ['fsync=off', 'full_page_writes=off'];

/** What does not depend on where the server is: the same for processes and containers. */
export function serverSettings(options: { durable: boolean }): string[] {
  return ['max_connections=100', 'timezone=UTC', 'log_timezone=UTC', ...(options.durable ? [] : NOT_DURABLE)];
}
