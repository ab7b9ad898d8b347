import { describeSettings } from '@onceline/service-kit';
import { documentedSettings } from '@onceline/testing';
import { ingressSettings } from './config.js';

it('docs/configuration.md lists every setting with its default and meaning, and no other', () => {
  const settings = describeSettings(ingressSettings).map(({ name, required, default: standard, description }) => ({
    name,
    default: required ? 'required' : (standard ?? 'none'),
    meaning: description,
  }));
  expect(documentedSettings('ingress')).toEqual(settings);
});
