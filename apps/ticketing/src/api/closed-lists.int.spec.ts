import { OUTCOMES } from '@onceline/contracts';
import { DEAD_LETTER_REASONS } from '@onceline/retry-policy';
import { documentedNames } from '@onceline/testing';
import { IGNORED_REASONS } from '../intake/ignored-reasons.js';
import { FAILURE_CODES } from '../intake/update-failure.js';

it.each([
  ['Outcomes', OUTCOMES],
  ['Reasons for ignoring', IGNORED_REASONS],
  ['Causes of dead letters', FAILURE_CODES],
  ['Why nothing is tried any more', DEAD_LETTER_REASONS],
])('docs/api.md, "%s", names each member of the list, and no other', (section, list) => {
  expect(documentedNames('api.md', section)).toEqual(list);
});
