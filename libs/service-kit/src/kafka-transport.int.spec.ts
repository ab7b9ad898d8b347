import { Controller, Injectable, Module, Scope } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import {
  connectKafka,
  createInMemoryKafka,
  type BatchOutcome,
  type Kafka,
  type PartitionTask,
  type RecordBatch,
} from '@onceline/kafka';
import { eventually, releaseStack, uniqueName, useStack } from '@onceline/testing';
import { of, type Observable } from 'rxjs';
import { KafkaContext, KafkaTransport, type KafkaTransportOptions } from './kafka-transport.js';
import { runService, type RunningService } from './run-service.js';
import { StartRefused } from './start-refused.js';

const TOPIC = uniqueName('transport');
const OTHER = uniqueName('transport-other');
const CHANGELOG = uniqueName('transport-changelog');
const config = { PORT: 0, HOST: '127.0.0.1', LOG_LEVEL: 'silent', SHUTDOWN_TIMEOUT_MS: 20_000 };

let kafka: Kafka;
const services: RunningService[] = [];

afterEach(async () => {
  for (const service of services.splice(0)) await service.stop();
});
type Options = Partial<KafkaTransportOptions>;

/** Runs controllers on a transport of their own; answers what the transport called fatal. */
async function run(controllers: (new (...args: never[]) => object)[], options: Options = {}, providers: object[] = []) {
  const fatal: unknown[] = [];
  const transport = new KafkaTransport({
    kafka,
    groupId: uniqueName('group'),
    onFatal: (error) => void fatal.push(error),
    ...options,
  });
  class SpecModule {}
  Module({})(SpecModule);
  const service = await runService({
    name: 'spec',
    config,
    module: () => ({ module: SpecModule, controllers, providers: providers as [] }),
    transport: () => transport,
    exit: () => undefined,
  });
  services.push(service);
  return { fatal, transport, service };
}

async function send(topic: string, ...values: string[]): Promise<void> {
  const producer = await kafka.producer();
  for (const value of values) await producer.send(topic, { key: null, value: Buffer.from(value) }, { partition: 0 });
  await producer.close();
}

const valuesOf = (batches: readonly RecordBatch[]) =>
  batches.flatMap(({ records }) => records.map(({ value }) => String(value)));

describe.each([
  [
    'a real broker',
    () => useStack({ postgres: false }).then(({ kafka: { brokers } }) => connectKafka({ brokers, clientId: 'spec' })),
  ],
  ['the in-memory twin', () => Promise.resolve(createInMemoryKafka())],
])('on %s', (_name, connect) => {
  beforeAll(async () => {
    kafka = await connect();
    const topic = (name: string) => ({ name, partitions: 2, config: {} });
    await kafka.admin.createMissing([topic(TOPIC), topic(OTHER), topic(CHANGELOG)], { replicationFactor: 1 });
  }, 120_000);
  afterAll(() => kafka.close());

  describe('a handler of batches', () => {
    it('gets whole batches, answers what became of them, and gets redelivered ones again', async () => {
      const calls: string[][] = [];
      const outcomes: BatchOutcome[] = [{ settle: 'redeliver', afterMs: 50 }];
      @Controller()
      class Handler {
        @EventPattern<string>(TOPIC)
        handle(@Payload() batches: readonly RecordBatch[], @Ctx() context: KafkaContext): Promise<BatchOutcome> {
          expect(context.topic).toBe(TOPIC);
          calls.push(valuesOf(batches));
          return Promise.resolve(outcomes.shift() ?? { settle: 'commit' });
        }
      }
      await send(TOPIC, 'a', 'b');
      const groupId = uniqueName('group');
      const { transport, service, fatal } = await run([Handler], { groupId });
      await eventually(() => calls.slice(1).flat().length === 2);
      expect(calls[0]).toEqual(calls.slice(1).flat().slice(0, calls[0]?.length));
      await eventually(async () => (await kafka.admin.committed(groupId, TOPIC))[0] === 2);
      expect(transport.consumer().isReady()).toBe(true);
      const ready = await fetch(`${service.url}/health/ready`);
      expect(await ready.json()).toMatchObject({ details: { consumer: { status: 'up' } } });
      expect(fatal).toEqual([]);
    });

    it('may answer an observable', async () => {
      let seen = 0;
      @Controller()
      class Handler {
        @EventPattern<string>(TOPIC)
        handle(@Payload() batches: readonly RecordBatch[]): Observable<BatchOutcome> {
          seen += valuesOf(batches).length;
          return of({ settle: 'commit' });
        }
      }
      await send(TOPIC, 'c');
      const groupId = uniqueName('group');
      await run([Handler], { groupId });
      await eventually(async () => (await kafka.admin.committed(groupId, TOPIC))[0] === seen && seen > 0);
    });

    it('is fatal, once, with its own error class, when it throws; nothing is committed', async () => {
      class Defect extends Error {}
      const defect = new Defect('a bug');
      @Controller()
      class Handler {
        @EventPattern<string>(TOPIC)
        handle(): Promise<BatchOutcome> {
          return Promise.reject(defect);
        }
      }
      await send(TOPIC, 'd');
      const groupId = uniqueName('group');
      const { fatal, transport } = await run([Handler], { groupId });
      await eventually(() => fatal.length > 0);
      expect(fatal).toEqual([defect]);
      expect(transport.consumer().isReady()).toBe(false);
      expect((await kafka.admin.committed(groupId, TOPIC))[0]).toBeNull();
    });

    it('is fatal when it answers no outcome', async () => {
      @Controller()
      class Handler {
        @EventPattern<string>(TOPIC)
        handle(): Promise<string> {
          return Promise.resolve('done');
        }
      }
      await send(TOPIC, 'e');
      const { fatal } = await run([Handler]);
      await eventually(() => fatal.length > 0);
      expect(String(fatal[0])).toContain(`The handler of ${TOPIC} answered "done"`);
    });
  });

  describe('a handler with tasks', () => {
    it('gets one batch of one partition with its task; a throw closes the task and starts the partition anew', async () => {
      const seen: string[] = [];
      const life: string[] = [];
      let failures = 1;
      class SpecTask implements PartitionTask {
        constructor(readonly partition: number) {}
        fence = () => Promise.resolve(void life.push(`fence ${this.partition}`));
        restore = () => undefined;
        handle = (batch: RecordBatch) => Promise.resolve(void seen.push(...valuesOf([batch])));
        close = () => Promise.resolve(void life.push(`close ${this.partition}`));
      }
      @Controller()
      class Handler {
        @EventPattern<string>(OTHER)
        async handle(@Payload() batch: RecordBatch, @Ctx() context: KafkaContext<SpecTask>): Promise<void> {
          expect(context.task.partition).toBe(batch.partition);
          if (batch.records.length > 0 && failures-- > 0) throw new Error('passing trouble');
          await context.task.handle(batch);
        }
      }
      await send(OTHER, 'x');
      const { fatal } = await run([Handler], {
        tasks: { changelog: CHANGELOG, createTask: (partition) => new SpecTask(partition) },
      });
      await eventually(() => seen.includes('x'), { withinMs: 30_000 });
      expect(life.filter((step) => step === 'fence 0').length).toBeGreaterThanOrEqual(2);
      expect(life).toContain('close 0');
      expect(fatal).toEqual([]);
    });

    it('keeps the service from being ready until every partition is restored', async () => {
      let letGo: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (letGo = resolve));
      const createTask = (): PartitionTask => ({
        fence: () => held,
        restore: () => undefined,
        handle: () => Promise.resolve(),
        close: () => Promise.resolve(),
      });
      @Controller()
      class Handler {
        @EventPattern<string>(OTHER)
        handle(): void {}
      }
      const { service } = await run([Handler], { tasks: { changelog: CHANGELOG, createTask } });
      const ready = async () => {
        const answer = await fetch(`${service.url}/health/ready`);
        return [answer.status, await answer.json()];
      };
      const message = '2 of 2 partitions are being restored';
      await eventually(async () => expect(await ready()).toMatchObject([503, { error: { consumer: { message } } }]));
      letGo();
      await eventually(async () => expect(await ready()).toMatchObject([200, { status: 'ok' }]));
    });
  });
});

afterAll(releaseStack);

describe('a half-wired transport is refused', () => {
  class Empty {}
  Controller()(Empty);

  @Controller()
  class First {
    @EventPattern<string>(TOPIC)
    handle(): BatchOutcome {
      return { settle: 'commit' };
    }
  }
  @Controller()
  class Second {
    @EventPattern<string>(TOPIC)
    handle(): BatchOutcome {
      return { settle: 'commit' };
    }
  }
  @Controller()
  class Elsewhere {
    @EventPattern<string>(OTHER)
    handle(): BatchOutcome {
      return { settle: 'commit' };
    }
  }
  @Controller()
  class Answering {
    @MessagePattern(TOPIC)
    handle(): string {
      return 'no';
    }
  }
  @Injectable({ scope: Scope.REQUEST })
  class PerRequest {}
  @Controller()
  class Scoped {
    constructor(readonly dependency: PerRequest) {}
    @EventPattern<string>(TOPIC)
    handle(): BatchOutcome {
      return { settle: 'commit' };
    }
  }
  const tasks = { changelog: CHANGELOG, createTask: () => ({}) as PartitionTask };

  it.each([
    ['no handler', [Empty], {}, [], 'no controller has an @EventPattern handler'],
    ['two handlers on one topic', [First, Second], {}, [], `${TOPIC} has two handlers; keep one`],
    ['a handler that answers', [Answering], {}, [], `${TOPIC} has a @MessagePattern handler`],
    ['two topics with tasks', [First, Elsewhere], { tasks }, [], 'a transport with tasks takes one topic'],
    ['a request-scoped controller', [Scoped], {}, [PerRequest], 'Scoped handles records but is request-scoped'],
  ])('%s', async (_name, controllers, options, providers, message) => {
    const refusal = await run(controllers, options, providers).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(StartRefused);
    expect((refusal as Error).message).toContain(message);
  });
});
