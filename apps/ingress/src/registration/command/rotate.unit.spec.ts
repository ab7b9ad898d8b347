import fc from 'fast-check';
import { parseBots } from '../../config.js';
import { withNewSecrets } from './rotate.js';

const bots = fc.uniqueArray(
  fc.record({
    id: fc.stringMatching(/^[1-9]\d{5}$/),
    secrets: fc.array(fc.stringMatching(/^\w{1,9}$/), { minLength: 1 }),
  }),
  { minLength: 1, maxLength: 5, selector: ({ id }) => id },
);

it('a new secret comes first, every old one stays accepted, the other bots stay as they are, and BOTS takes it', () => {
  fc.assert(
    fc.property(bots, fc.nat(), (all, pick) => {
      const chosen = all[pick % all.length]?.id ?? '';
      const value = withNewSecrets(all, [chosen], () => 'brand-new');
      expect(value).toEqual(
        all.map(({ id, secrets }) => ({ id, secrets: id === chosen ? ['brand-new', ...secrets] : secrets })),
      );
      expect(parseBots(JSON.stringify(value)).problems).toEqual([]);
    }),
  );
});
