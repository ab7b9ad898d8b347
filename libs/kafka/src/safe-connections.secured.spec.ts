/** The real client against a broker that is reached by TLS only, and wants a password or a certificate. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createAuthority, startSafeStack, type SafeStack } from '@onceline/local-stack';
import { DirectTransactions } from './client/direct-transaction.js';
import { newClient } from './client/client.js';
import { openCluster } from './client/open-cluster.js';
import { describeProducers, writeMarker } from './client/transaction-markers.js';
import { kafkaConformance } from './conformance/suite.spec.js';
import { commit, record, textOf, until } from './conformance/bench.spec.js';
import { connectKafka } from './connect-kafka.js';
import type { KafkaError } from './errors.js';
import type { Kafka, KafkaLogin, KafkaOptions } from './port.js';
import type { PartitionWrite } from './wire.js';

let stack: SafeStack;
beforeAll(async () => {
  stack = await startSafeStack();
}, 120_000);
afterAll(() => stack?.stop(), 60_000);

const textIn = (file: string) => readFileSync(file, 'utf8');
const trusting = () => ({ ca: textIn(stack.authority.certFile), rejectUnauthorized: true });

/** As it should be, with changes. */
function safely(mechanism: KafkaLogin['mechanism'], changes: Partial<KafkaOptions> = {}): KafkaOptions {
  return {
    brokers: [stack.brokers.login],
    clientId: 'secured',
    tls: trusting(),
    sasl: { mechanism, ...stack.login },
    ...changes,
  };
}

function withCertificate(): KafkaOptions {
  const { certFile, keyFile } = stack.client;
  const tls = { ...trusting(), cert: textIn(certFile), key: textIn(keyFile) };
  return { brokers: [stack.brokers.certificate], clientId: 'secured', tls };
}

async function writeAndRead(kafka: Kafka): Promise<(string | null)[]> {
  const topic = `t-${randomUUID()}`;
  await kafka.admin.createMissing([{ name: topic, partitions: 1, config: {} }], { replicationFactor: 1 });
  const producer = await kafka.producer();
  await producer.send(topic, record('key', 'over the wire'));
  const found: (string | null)[] = [];
  await kafka.read(topic, ({ records }) => void found.push(...records.map(textOf)));
  return found;
}

/** What the first question to the brokers ends in, and what the client logged. */
async function failureOf(options: KafkaOptions): Promise<{ error: KafkaError; logged: string }> {
  const lines: unknown[] = [];
  const kafka = connectKafka({ ...options, log: (entry) => lines.push(entry) });
  try {
    await kafka.admin.list();
  } catch (error) {
    return { error: error as KafkaError, logged: JSON.stringify(lines) };
  } finally {
    await kafka.close();
  }
  throw new Error('The broker let this client in.');
}

describe('a broker that asks for TLS and a login', () => {
  it.each([
    ['PLAIN', () => safely('PLAIN')],
    ['SCRAM-SHA-256', () => safely('SCRAM-SHA-256')],
    ['SCRAM-SHA-512', () => safely('SCRAM-SHA-512')],
    ['a certificate of the client', withCertificate],
    ['any certificate of the broker', () => safely('PLAIN', { tls: { rejectUnauthorized: false } })],
  ])('takes records and gives them with %s', async (_, options) => {
    const kafka = connectKafka(options());
    expect(await writeAndRead(kafka)).toEqual(['over the wire']);
    await kafka.close();
  });

  it('takes markers that are written by hand', async () => {
    const options = safely('SCRAM-SHA-512');
    const kafka = connectKafka(options);
    const topic = `t-${randomUUID()}`;
    await kafka.admin.createMissing([{ name: topic, partitions: 1, config: {} }], { replicationFactor: 1 });
    const { cluster, carrier } = await openCluster(options);
    const session = await DirectTransactions.begin(cluster, randomUUID(), { timeoutMs: 30_000, isSoleWriter: false });
    const at = { topic, partition: 0 };
    const steps = session as unknown as {
      add(targets: readonly object[], groupId: undefined): Promise<void>;
      write(writes: readonly PartitionWrite[]): Promise<void>;
    };
    await steps.add([at], undefined);
    await steps.write([{ target: at, records: [{ ...record(null, 'hanging'), timestamp: Date.now() }] }]);
    const leader = await cluster.findBroker({ nodeId: '1' });
    const open = (await describeProducers(leader, at)).find(({ openFrom }) => openFrom >= 0n);
    expect(open).toMatchObject({ openFrom: 0n });
    await writeMarker(leader, { ...open!, coordinatorEpoch: Math.max(0, open!.coordinatorEpoch) }, true);
    const found: (string | null)[] = [];
    await kafka.read(topic, ({ records }) => void found.push(...records.map(textOf)));
    expect(found).toEqual(['hanging']);
    await carrier.disconnect();
    await kafka.close();
  });
});

it('a broker that restarts is waited for: nobody takes a login that was cut for one that was refused', async () => {
  const failures: KafkaError[] = [];
  const kafka = connectKafka(safely('SCRAM-SHA-512'));
  const topic = `t-${randomUUID()}`;
  await kafka.admin.createMissing([{ name: topic, partitions: 4, config: {} }], { replicationFactor: 1 });
  const producer = await kafka.producer({ deliveryTimeoutMs: 60_000 });
  const seen = new Set<string | null>();
  await kafka.consume({
    groupId: randomUUID(),
    topics: [topic],
    handle: (batches) => {
      for (const { records } of batches) for (const one of records) seen.add(textOf(one));
      return Promise.resolve(commit);
    },
    onFailure: (error) => void failures.push(error),
  });
  for (const round of [1, 2, 3]) {
    await producer.send(topic, record(null, `before ${round}`));
    await stack.restartBroker();
    await producer.send(topic, record(null, `after ${round}`));
    await until('all are read', () => seen.size === 2 * round, 60_000);
  }
  expect(failures).toEqual([]);
  await kafka.close();
});

describe('a client that is wrong is told what to mend', () => {
  const refused = (pattern: RegExp) => ({ code: 'refused', canRetry: false, message: expect.stringMatching(pattern) });

  it.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const)('a wrong password, with %s', async (mechanism) => {
    const sasl = { mechanism, username: stack.login.username, password: 'not-the-password' };
    const { error, logged } = await failureOf(safely(mechanism, { sasl }));
    expect(error).toMatchObject(refused(/does not accept user and password .*KAFKA_SASL_PASSWORD/));
    expect(`${error.message}${logged}`).not.toContain('not-the-password');
  });

  it('a user that the broker does not know', async () => {
    const sasl = { mechanism: 'SCRAM-SHA-512', username: 'nobody', password: 'x' } as const;
    expect((await failureOf(safely('SCRAM-SHA-512', { sasl }))).error).toMatchObject(refused(/KAFKA_SASL_USERNAME/));
  });

  it('a right that the user does not have', async () => {
    const kafka = connectKafka(safely('SCRAM-SHA-512', { sasl: { mechanism: 'SCRAM-SHA-512', ...stack.powerless } }));
    const creating = kafka.admin.createMissing([{ name: 'denied', partitions: 1, config: {} }], {
      replicationFactor: 1,
    });
    await expect(creating).rejects.toMatchObject(refused(/does not let this user do that .*give the user the right/));
    await kafka.close();
  });

  it('an authority that is not that of the broker', async () => {
    const other = await createAuthority(`${stack.authority.certFile}.d`, 'somebody-else');
    for (const tls of [{ ...trusting(), ca: textIn(other.certFile) }, { rejectUnauthorized: true }]) {
      const { error } = await failureOf(safely('PLAIN', { tls }));
      expect(error).toMatchObject(refused(/not from an authority that is trusted here .*set KAFKA_TLS_CA_FILE/));
    }
  });

  it('no certificate where one is wanted', async () => {
    const { error } = await failureOf({ ...withCertificate(), tls: trusting() });
    expect(error).toMatchObject(refused(/wants a certificate .*KAFKA_TLS_CERT_FILE and KAFKA_TLS_KEY_FILE/));
  });

  it('a login where nobody logs in', async () => {
    const options = { ...withCertificate(), sasl: safely('PLAIN').sasl! };
    expect((await failureOf(options)).error).toMatchObject(refused(/leave KAFKA_SASL_MECHANISM out/));
  });

  // A listener that hears something else than it expects closes the connection and says nothing, as a broker that stops does.
  it.each([
    ['no TLS', () => ({ brokers: [stack.brokers.login], clientId: 'secured' })],
    ['no login', () => ({ brokers: [stack.brokers.login], clientId: 'secured', tls: trusting() })],
    ['TLS where there is none', () => safely('PLAIN', { brokers: [stack.brokers.plain] })],
  ])('%s, which looks like a broker that is away', async (_, options) => {
    expect((await failureOf(options())).error).toMatchObject({ code: 'unavailable', canRetry: true });
  });
});

kafkaConformance('connectKafka by TLS, logged in', async () => {
  const options = safely('SCRAM-SHA-512');
  return {
    connect: () => connectKafka(options),
    deleteRecords: async (topic, partition, before) => {
      const admin = newClient(options).admin();
      await admin.connect();
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] });
      await admin.disconnect();
    },
    // It serves the specs above as well.
    stop: () => Promise.resolve(),
  };
});
