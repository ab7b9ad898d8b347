import { uniqueName } from '@onceline/testing';
import { readRetryConfig } from './config.js';
import { TestRetry } from './test-service.spec.js';

let retry: TestRetry;
beforeAll(async () => {
  retry = await TestRetry.start();
}, 60_000);
afterAll(() => retry.stop());

describe('the start', () => {
  it('is refused without the tables, with the command that makes them', async () => {
    const url = await retry.stack.postgres.createDatabase(uniqueName('bare').replaceAll('-', '_'));
    await expect(retry.startInstance({ DATABASE_URL: url })).rejects.toThrow(
      /lacks migrations: CreateDeadLetters\d+[^]*npm run provision/,
    );
  });

  it('is refused on topics that are not as declared', async () => {
    const [topic] = retry.topics();
    const wrong = [
      { ...topic!, partitions: 5 },
      { ...topic!, name: 'nowhere.dead-letter' },
    ];
    await expect(retry.startInstance({}, undefined, wrong)).rejects.toThrow(
      new RegExp(`${retry.consumer}.dead-letter: [^]*nowhere.dead-letter: [^]*npm run provision`),
    );
  });

  it('is refused without a token for ticketing', () => {
    const environment = { KAFKA_BROKERS: 'a:1', DATABASE_URL: 'postgres://a/b', API_TOKENS: `admin:${'0'.repeat(64)}` };
    expect(() => readRetryConfig(environment)).toThrow(/TICKETING_TOKEN is not set/);
  });
});

describe('the running service', () => {
  it('is ready, describes its API and shows its metrics from zero', async () => {
    expect((await retry.get('/health/ready')).status).toBe(200);
    const { json } = await retry.get<{ paths: Record<string, object> }>('/docs/openapi.json');
    expect(Object.keys(json.paths)).toEqual([
      '/v1/dead-letters',
      '/v1/dead-letters/{id}',
      '/v1/dead-letter-groups',
      '/v1/redrives',
      '/v1/redrives/{id}',
      '/v1/audit-trail',
      '/v1/redrives/{id}/cancel',
      '/v1/dead-letters/discard',
    ]);
    const metrics = await retry.registry.metrics();
    const labels = `consumer="${retry.consumer}",class="destination",status="open"`;
    expect(metrics).toContain(`onceline_retry_dead_letters{${labels}} 0`);
    expect(metrics).toContain('onceline_retry_redrive_records{state="sent"} 0');
  });
});
