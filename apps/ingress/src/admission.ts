/** How much may be in hand at once. */
export interface AdmissionLimits {
  /** Whole bodies waiting for the broker. */
  readonly maxRequests: number;
  /** Bytes of bodies, those still arriving included. */
  readonly maxBytes: number;
}

/** Whether the next request may come in. */
export type AdmissionState = 'open' | 'full' | 'draining';

/**
 * Counts what is in hand. A slot is taken when a body is whole, so that slow senders use up memory only by the bytes that
 * they really sent, and never a slot.
 */
export class Admission {
  #requests = 0;
  #bytes = 0;
  #draining = false;

  constructor(private readonly limits: AdmissionLimits) {}

  get requests(): number {
    return this.#requests;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get state(): AdmissionState {
    if (this.#draining) return 'draining';
    const full = this.#requests >= this.limits.maxRequests || this.#bytes >= this.limits.maxBytes;
    return full ? 'full' : 'open';
  }

  /** Counts arriving bytes; false, and nothing counted, when they are too many. */
  hold(bytes: number): boolean {
    if (this.#bytes + bytes > this.limits.maxBytes) return false;
    this.#bytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** Takes a slot if the answer is `open`. */
  enter(): AdmissionState {
    if (this.#draining) return 'draining';
    if (this.#requests >= this.limits.maxRequests) return 'full';
    this.#requests += 1;
    return 'open';
  }

  leave(): void {
    this.#requests -= 1;
  }

  drain(): void {
    this.#draining = true;
  }
}
