import { setTimeout as sleep } from 'node:timers/promises';
import type { GenericContainer, StartedTestContainer } from 'testcontainers';

const READY_WITHIN_MS = 90_000;

/** Loaded when containers are asked for: nobody else pays for it. */
export async function newContainer(image: string): Promise<GenericContainer> {
  const { GenericContainer: Container } = await import('testcontainers');
  return new Container(image);
}

/** A container through all its stops and starts. Its host port and its data stay; `remove` ends it for good. */
export class RestartableContainer {
  private running = true;

  constructor(
    private readonly name: string,
    private readonly container: StartedTestContainer,
    private readonly isReady: () => Promise<boolean>,
  ) {}

  async untilReady(): Promise<void> {
    const deadline = Date.now() + READY_WITHIN_MS;
    while (!(await this.isReady())) {
      const { State: state } = await (await this.engineContainer()).inspect();
      if (!state.Running) throw new Error(`${this.name} ended while starting (exit code ${state.ExitCode}).`);
      if (Date.now() > deadline) throw new Error(`${this.name} was not ready within ${READY_WITHIN_MS / 1000} s.`);
      await sleep(100);
    }
  }

  async start(): Promise<void> {
    if (this.running) return;
    await (await this.engineContainer()).start();
    this.running = true;
    await this.untilReady();
  }

  async stop(): Promise<void> {
    if (!this.running) return;
    await (await this.engineContainer()).stop({ t: 15 });
    this.running = false;
  }

  async kill(): Promise<void> {
    if (!this.running) return;
    const container = await this.engineContainer();
    await container.kill({ signal: 'SIGKILL' });
    await container.wait();
    this.running = false;
  }

  async freeze(): Promise<() => Promise<void>> {
    const container = await this.engineContainer();
    await container.pause();
    return async () => void (await container.unpause());
  }

  async remove(): Promise<void> {
    await this.container.stop({ remove: true, timeout: 10_000 });
  }

  // testcontainers' own stop removes the container, or forgets it: the engine does what is meant.
  private async engineContainer() {
    const { getContainerRuntimeClient } = await import('testcontainers');
    return (await getContainerRuntimeClient()).container.getById(this.container.getId());
  }
}
