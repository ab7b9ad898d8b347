import fc from 'fast-check';
import { withoutToken } from './bot-api-failure.js';

const tokens = fc.stringMatching(/^\d{6,10}:[A-Za-z0-9_-]{30,40}$/);

describe('text from outside', () => {
  it('never holds our token, nor its secret part, however it is wrapped', () => {
    const wraps = fc.constantFrom(
      (token: string) => `cannot serve /bot${token}/getWebhookInfo`,
      (token: string) => encodeURIComponent(token),
      (token: string) => `the part ${token.slice(token.indexOf(':') + 1)} is unknown`,
      (token: string) => `${'x'.repeat(280)}${token}`,
    );
    fc.assert(
      fc.property(tokens, wraps, fc.string(), (token, wrap, more) => {
        const shown = withoutToken(`${wrap(token)} ${more}`, token);
        const secret = token.slice(token.indexOf(':') + 1);
        expect(shown).not.toContain(secret);
      }),
    );
  });

  it('never holds the token of another bot', () => {
    fc.assert(
      fc.property(tokens, tokens, (ours, other) => {
        const shown = withoutToken(`https://other.example/hook/${other}`, ours);
        expect(shown).not.toContain(other.slice(other.indexOf(':') + 1));
      }),
    );
  });

  it('is one line of bounded length', () => {
    expect(withoutToken('a\nb\u001b[31m', '1:x')).toBe('a b [31m');
    expect(withoutToken('y'.repeat(5_000), '1:x')).toHaveLength(300);
  });
});
