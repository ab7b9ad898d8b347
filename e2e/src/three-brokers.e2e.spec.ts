import { runBrokerKills } from '@onceline/tools';

// The stack in containers has one broker.
const describeThree = process.env['STACK'] === 'containers' ? describe.skip : describe;

describeThree('three brokers, one killed again and again', () => {
  // The short form; `npm run broker-kills` does it at least 20 times over at least 5,000 transactions.
  it('loses and doubles no key of raw, unique and seen', async () => {
    const { report } = await runBrokerKills({ kills: 2, transactions: 60, rate: 200, seed: 51 });
    expect(report).toMatchObject({ balanced: true, missing: [], doubled: [] });
    expect(report.unique).toBeGreaterThan(300);
    // Each kill costs as long as a broker needs to start, which on slow cores that three of them share is ten seconds and more.
  }, 300_000);
});
