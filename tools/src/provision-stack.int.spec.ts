import { topicDeclarations } from '@onceline/contracts';
import { startStack, type Stack } from '@onceline/local-stack';
import { checkProvisioned, provision } from './provision-stack.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ mode: 'embedded' });
});
afterAll(() => stack?.stop());

const HOUR_MS = 3_600_000;

it('tells what is missing without making it, makes it, and then tells only what differs', async () => {
  const options = {
    brokers: stack.kafka.brokers,
    databaseUrl: await stack.postgres.createDatabase('provision'),
    replicationFactor: 1,
    partitions: 2,
  };
  const missing = await checkProvisioned(options);
  for (const { name } of topicDeclarations())
    expect(missing).toContainEqual(expect.stringContaining(`"${name}" is missing`));
  expect(missing).toContainEqual(expect.stringMatching(/^ticketing: migration \w+\d{13} has not run$/));
  expect(missing).toContainEqual(expect.stringMatching(/^retry: migration \w+\d{13} has not run$/));

  expect((await provision(options)).created).toHaveLength(topicDeclarations().length);
  const longer = { ...options, dedupeTtlMs: 73 * HOUR_MS };
  expect(await checkProvisioned(longer)).toEqual([
    expect.stringMatching(
      /"telegram\.updates\.seen" has retention\.ms \d+, declared is \d+: npm run provision raises it$/,
    ),
    expect.stringMatching(/"telegram\.updates\.seen" has segment\.ms \d+, declared is \d+: left as it is/),
  ]);
}, 180_000);

it('says that it could not look when the database is not there', async () => {
  const databaseUrl = stack.postgres.url.replace(/\/[^/]*$/, '/no_such_database');
  const options = { brokers: stack.kafka.brokers, databaseUrl, replicationFactor: 1 };
  await expect(checkProvisioned(options)).rejects.toThrow(
    /migrations of (ticketing|retry) could not be checked[\s\S]*no_such_database/,
  );
});
