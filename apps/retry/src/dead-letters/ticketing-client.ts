import type { LedgerAnswer } from './judge-outcome.js';

/** What would become of one update, as ticketing says it. */
export interface Rehearsal {
  readonly idempotencyKey: string;
  readonly result: string;
}

/** An update to rehearse. */
export interface RehearsalRequest {
  readonly idempotencyKey: string;
  readonly recordKey: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: string;
}

/** What the ledger answers to a discard. */
export interface DiscardAnswer {
  readonly status: number;
  /** False when asking again later makes sense. */
  readonly isFinal: boolean;
  readonly words: string;
}

/** Ticketing did not answer, or not as it should. */
export class TicketingError extends Error {
  /** Of the answer; undefined when there was none. */
  readonly status: number | undefined;

  constructor(message: string, { status, cause }: { status?: number; cause?: unknown } = {}) {
    super(message, { cause });
    this.status = status;
  }
}

const PATIENCE_MS = 10_000;
const REHEARSAL_PATIENCE_MS = 60_000;

/** All that this service has to say to ticketing, over its API. */
export class TicketingClient {
  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** Undefined when the ledger has no such update. */
  async ledger(idempotencyKey: string): Promise<LedgerAnswer | undefined> {
    const response = await this.ask(`/v1/ledger/${encodeURIComponent(idempotencyKey)}`, {}, PATIENCE_MS);
    if (response.status === 404) return void (await response.body?.cancel());
    await this.requireOk(response, 'the ledger');
    const { outcome, ticketId } = (await response.json()) as { outcome: string; ticketId?: string | null };
    return { outcome, ticketId: ticketId ?? null };
  }

  async rehearse(updates: readonly RehearsalRequest[]): Promise<readonly Rehearsal[]> {
    const response = await this.ask('/v1/rehearsals', post({ updates }), REHEARSAL_PATIENCE_MS);
    await this.requireOk(response, 'the rehearsal');
    return ((await response.json()) as { updates: Rehearsal[] }).updates;
  }

  async discard(idempotencyKey: string, reason: string): Promise<DiscardAnswer> {
    const path = `/v1/ledger/${encodeURIComponent(idempotencyKey)}/discard`;
    const response = await this.ask(path, post({ reason }), PATIENCE_MS);
    const text = await response.text();
    const words = `${response.status}${response.ok ? '' : ` ${text.slice(0, 500)}`}`;
    const { status } = response;
    return { status, isFinal: response.ok || [404, 409, 412, 422].includes(status), words };
  }

  private async ask(path: string, init: RequestInit, patienceMs: number): Promise<Response> {
    const headers = { authorization: `Bearer ${this.token}`, ...(init.headers as Record<string, string> | undefined) };
    try {
      return await fetch(`${this.url}${path}`, { ...init, headers, signal: AbortSignal.timeout(patienceMs) });
    } catch (error) {
      throw new TicketingError(`ticketing does not answer at ${this.url}`, { cause: error });
    }
  }

  private async requireOk(response: Response, what: string): Promise<void> {
    if (response.ok) return;
    const text = (await response.text()).slice(0, 500);
    throw new TicketingError(`ticketing answers ${response.status} to ${what}: ${text}`, { status: response.status });
  }
}

function post(body: object): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
