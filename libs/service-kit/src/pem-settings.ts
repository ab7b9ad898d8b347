import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** A file with certificates, read at once; `description` completes the sentence "set NAME to …". */
export function certificateFile(description: string) {
  return pemFile(description, (pem) => {
    const found = pem.match(/-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs) ?? [];
    return found.length > 0 && found.every(isCertificate) ? undefined : 'it holds no certificate in PEM form';
  });
}

/** A file with a private key, read at once; `description` completes the sentence "set NAME to …". */
export function keyFile(description: string) {
  return pemFile(description, (pem) =>
    keyIn(pem) === undefined ? 'it holds no private key in PEM form that needs no passphrase' : undefined,
  );
}

/** Whether the key is that of the first certificate. */
export function isPair(certificates: string, key: string): boolean {
  const privateKey = keyIn(key);
  return privateKey !== undefined && new X509Certificate(certificates).checkPrivateKey(privateKey);
}

function pemFile(description: string, problemOf: (pem: string) => string | undefined) {
  return z
    .string()
    .transform((path, context): string => {
      const pem = textOf(path);
      const message = typeof pem === 'string' ? problemOf(pem) : `it cannot be read (${pem.code})`;
      if (message !== undefined) context.addIssue({ code: 'custom', message });
      return typeof pem === 'string' ? pem : '';
    })
    .optional()
    .describe(description);
}

function textOf(path: string): string | { readonly code: string } {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    return { code: (error as NodeJS.ErrnoException).code ?? String(error) };
  }
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}

function keyIn(pem: string) {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}
