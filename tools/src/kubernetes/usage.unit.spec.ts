import { describeUsage, usageIn, type PodSample } from './usage.js';

const sample = (name: string, second: number, worked: number, mebibytes: number): PodSample => ({
  podRef: { name, namespace: 'onceline' },
  cpu: { time: new Date(second * 1000).toISOString(), usageCoreNanoSeconds: worked * 1e9 },
  memory: { workingSetBytes: mebibytes * 1024 * 1024 },
});

describe('usageIn', () => {
  it('takes the mean of the cores and the most of the memory', () => {
    const usage = usageIn([[sample('a', 0, 1, 100)], [sample('a', 5, 9, 300)], [sample('a', 20, 6, 200)]]);
    expect(usage.map(describeUsage)).toEqual(['a: 0.25 cores, 300 MiB']);
  });

  it('leaves out pods that came or went', () => {
    const usage = usageIn([
      [sample('stays', 0, 0, 1), sample('goes', 0, 0, 1)],
      [sample('stays', 10, 1, 1), sample('comes', 10, 1, 1)],
    ]);
    expect(usage.map(({ pod }) => pod)).toEqual(['stays']);
  });
});
