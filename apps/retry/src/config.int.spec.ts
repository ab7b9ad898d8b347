import { describeSettings } from '@onceline/service-kit';
import { documentedSettings } from '@onceline/testing';
import { retrySettings } from './config.js';

it('docs/configuration.md lists every setting with its default and meaning, and no other', () => {
  const settings = describeSettings(retrySettings).map(({ name, required, default: standard, description }) => ({
    name,
    default: required ? 'required' : (standard ?? 'none'),
    meaning: description,
  }));
  expect(documentedSettings('retry')).toEqual(settings);
});
