import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

// Written out, so that nothing depends on how the system's openssl is set up.
const OPENSSL_SETTINGS = `[req]
distinguished_name = dn
prompt = no
[dn]
CN = replaced by -subj
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[server]
basicConstraints = CA:FALSE
subjectAltName = IP:127.0.0.1, DNS:localhost
[client]
basicConstraints = CA:FALSE
extendedKeyUsage = clientAuth
`;

/** Two files in PEM form. */
export interface CertificateFiles {
  readonly certFile: string;
  /** PKCS#8, without a passphrase. */
  readonly keyFile: string;
}

/** An authority for tests. */
export interface Authority extends CertificateFiles {
  /** A certificate for 127.0.0.1 and localhost, or one that a client shows. */
  issue(kind: 'server' | 'client', name: string): Promise<CertificateFiles>;
}

/** Makes an authority whose files lie in the folder; by openssl, since Node makes keys and no certificates. */
export async function createAuthority(folder: string, name: string): Promise<Authority> {
  await mkdir(folder, { recursive: true });
  const settings = join(folder, 'openssl.cnf');
  await writeFile(settings, OPENSSL_SETTINGS);
  const make = async (of: string, extensions: string, by: readonly string[] = []): Promise<CertificateFiles> => {
    const files = { certFile: join(folder, `${of}.crt`), keyFile: join(folder, `${of}.key`) };
    await promisify(execFile)('openssl', [
      ...['req', '-x509', '-config', settings, '-extensions', extensions, '-subj', `/CN=${of}`, '-days', '2'],
      ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-keyout', files.keyFile, '-out', files.certFile, ...by],
    ]);
    return files;
  };
  const own = await make(name, 'authority');
  return { ...own, issue: (kind, of) => make(of, kind, ['-CA', own.certFile, '-CAkey', own.keyFile]) };
}

/** The texts of both files. */
export async function readFiles({ certFile, keyFile }: CertificateFiles): Promise<{ cert: string; key: string }> {
  const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')]);
  return { cert, key };
}
