import { describeSettings } from '@onceline/service-kit';
import { documentedSettings } from '@onceline/testing';
import { dedupeSettings } from './config.js';

it('docs/configuration.md lists every setting with its default and meaning, and no other', () => {
  const settings = describeSettings(dedupeSettings).map(({ name, required, default: standard, description }) => ({
    name,
    default: required ? 'required' : (standard ?? 'none'),
    meaning: description,
  }));
  expect(documentedSettings('dedupe')).toEqual(settings);
});
