/** Answers undefined when fine, else the reason in words. */
export type HealthCheck = () => string | undefined | Promise<string | undefined>;

/** What makes a process ready (may take work), alive (need not be restarted), and ready though not well. */
export class HealthRegistry {
  private readonly readinessChecks = new Map<string, HealthCheck>();
  private readonly livenessChecks = new Map<string, HealthCheck>();
  private readonly degradationChecks = new Map<string, () => string | undefined>();
  private stopping = false;

  /** Ready only while this check finds nothing. A second check of the same name replaces the first. */
  readiness(name: string, check: HealthCheck): void {
    this.readinessChecks.set(name, check);
  }

  /** Alive only while this check finds nothing: for what only a restart mends. */
  liveness(name: string, check: HealthCheck): void {
    this.livenessChecks.set(name, check);
  }

  /**
   * Ready all the same, but not well while this check finds something: for what a request may be needed to mend. Asked with readiness, so it
   * answers from memory.
   */
  degradation(name: string, check: () => string | undefined): void {
    this.degradationChecks.set(name, check);
  }

  /** From now on not ready, for good: no new work, what is in hand is finished. */
  shuttingDown(): void {
    this.stopping = true;
    this.readinessChecks.set('shutdown', () => 'the process is shutting down');
  }

  isShuttingDown(): boolean {
    return this.stopping;
  }

  degradations(): ReadonlyMap<string, () => string | undefined> {
    return this.degradationChecks;
  }

  checks(kind: 'readiness' | 'liveness'): ReadonlyMap<string, HealthCheck> {
    return kind === 'readiness' ? this.readinessChecks : this.livenessChecks;
  }
}
