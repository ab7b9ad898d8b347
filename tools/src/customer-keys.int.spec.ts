import { releaseStack, uniqueName, useStack } from '@onceline/testing';
import { masterKeyLine } from './demo-credentials.js';
import { resultOfTicketingProgram, runTicketingProgram } from './ticketing-program.js';

let url: string;
beforeAll(async () => {
  const { postgres } = await useStack({ kafka: false });
  url = await postgres.createDatabase(uniqueName('customer_keys').replaceAll(/[^a-z0-9_]/g, '_'));
  await runTicketingProgram('migrate', url, []);
});
afterAll(releaseStack);

const lastLine = (output: string) => output.trimEnd().split('\n').at(-1);

it('wraps the keys of all customers with the first master key, once, and refuses without the one that wraps them', async () => {
  const [older, newer] = [masterKeyLine('older'), masterKeyLine('newer')];
  await resultOfTicketingProgram('seed-tickets', url, ['--tickets', '16'], { MASTER_KEYS: older });
  const rewrap = (masterKeys: string) =>
    runTicketingProgram('customer-keys', url, ['rewrap'], { MASTER_KEYS: masterKeys });
  expect((await rewrap(newer)).code).toBe(78);
  expect(lastLine((await rewrap(`${newer},${older}`)).output)).toBe('customer-keys: 4 wrapped anew with newer');
  expect(lastLine((await rewrap(newer)).output)).toBe('customer-keys: 0 wrapped anew with newer');
  expect((await rewrap('newer:short')).code).toBe(78);
}, 120_000);
