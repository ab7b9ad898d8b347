import { OUTCOMES } from '@onceline/contracts';
import { documentedNames } from '@onceline/testing';
import { IGNORED_REASONS } from '../intake/ignored-reasons.js';
import { FAILURE_CODES } from '../intake/update-failure.js';

it.each([
  ['Outcomes', OUTCOMES],
  ['Reasons for ignoring', IGNORED_REASONS],
  ['Causes of dead letters', FAILURE_CODES],
])('docs/api.md, "%s", names each member of the list, and no other', (section, list) => {
  expect(documentedNames('api.md', section)).toEqual(list);
});
