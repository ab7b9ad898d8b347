import { javaMajor } from './java.js';

describe('javaMajor', () => {
  it.each([
    ['a release file', 'IMPLEMENTOR="Debian"\nJAVA_VERSION="17.0.15"\n', 17],
    ['java -version', 'openjdk version "25.0.2" 2026-01-20\nOpenJDK Runtime Environment', 25],
    ['an early access build', 'openjdk version "26-ea" 2026-03-17', 26],
    ['the numbers of old', 'java version "1.8.0_402"', 8],
    ['something else', 'The operation couldn’t be completed.', undefined],
  ])('%s', (_, description, major) => {
    expect(javaMajor(description)).toBe(major);
  });
});
