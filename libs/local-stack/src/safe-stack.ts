import { mkdtempSync } from 'node:fs';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { defaultCacheFolder } from './cache.js';
import { createAuthority, readFiles, type CertificateFiles } from './certificates.js';
import { startEmbeddedKafka } from './embedded-kafka.js';
import { startEmbeddedPostgres } from './embedded-postgres.js';
import type { SafeListeners } from './kafka-settings.js';
import { freePort } from './ports.js';
import { startReaper } from './reaper.js';
import type { BrokerSet, Database } from './stack.js';

/** A broker and a database that nobody reaches without TLS; the broker asks for a password or a certificate as well. */
export interface SafeStack {
  /** `host:port` of the broker's listeners. */
  readonly brokers: {
    /** TLS, and PLAIN or SCRAM. */
    readonly login: string;
    /** TLS, and a certificate of the client. */
    readonly certificate: string;
    /** The one of the broker's own, without TLS. */
    readonly plain: string;
  };
  /** May do anything at the broker, as may whoever has the client's certificate. */
  readonly login: { readonly username: string; readonly password: string };
  /** May do nothing. */
  readonly powerless: { readonly username: string; readonly password: string };
  /** `postgres://…`. */
  readonly databaseUrl: string;
  /** Of a database that asks clients for a certificate as well. */
  readonly certifiedDatabaseUrl: string;
  /** Of the authority that both servers have their certificates from, and trust. */
  readonly authority: CertificateFiles;
  readonly client: CertificateFiles;
  /** SIGKILL of the broker, and its start on its data and ports. */
  restartBroker(): Promise<void>;
  stop(): Promise<void>;
}

const LOGIN = { username: 'onceline', password: 'a-password-of-the-broker' };
const POWERLESS = { username: 'powerless', password: 'another-password-of-the-broker' };

/** Starts both on throwaway data, as processes, whatever the environment names. */
export async function startSafeStack(): Promise<SafeStack> {
  const folder = mkdtempSync(join(tmpdir(), 'onceline-safe-'));
  // PostgreSQL may have to run as another user, who passes through here to a folder of its own.
  await chmod(folder, 0o711);
  const reaper = startReaper(folder);
  const common = { throwaway: true, reaper, onProgress: () => undefined };
  const started: (BrokerSet | Database)[] = [];
  const stop = async () => {
    await Promise.all(started.map((part) => part.kill()));
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    reaper.dismiss();
  };
  try {
    const { authority, server, client } = await certificatesIn(join(folder, 'certificates'));
    const safe = await safeListeners(join(folder, 'certificates'), authority, server);
    const cache = resolve(defaultCacheFolder());
    const kafka = await startEmbeddedKafka({ ...common, folder: join(folder, 'kafka'), count: 1, cache, safe });
    started.push(kafka);
    const tls = { ca: await readFile(authority.certFile, 'utf8'), ...(await readFiles(server)) };
    const database = await startEmbeddedPostgres({ ...common, folder: join(folder, 'postgres'), durable: false, tls });
    started.push(database);
    const [login, certificate] = safe.listeners.map(({ port }) => `127.0.0.1:${port}`) as [string, string];
    const certifiedDatabaseUrl = await database.createDatabase('certified');
    const brokers = { login, certificate, plain: kafka.brokers[0]! };
    const restartBroker = async () => {
      await kafka.kill();
      await kafka.start();
    };
    return {
      ...{ brokers, login: LOGIN, powerless: POWERLESS, authority, client },
      ...{ databaseUrl: database.url, certifiedDatabaseUrl, restartBroker, stop },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function certificatesIn(folder: string) {
  const authority = await createAuthority(folder, 'authority');
  const [server, client] = [await authority.issue('server', 'server'), await authority.issue('client', 'client')];
  return { authority, server, client };
}

async function safeListeners(
  folder: string,
  authority: CertificateFiles,
  server: CertificateFiles,
): Promise<SafeListeners> {
  const { cert, key } = await readFiles(server);
  const keystore = join(folder, 'keystore.pem');
  await writeFile(keystore, `${key}${cert}`, { mode: 0o600 });
  const modules = 'org.apache.kafka.common.security';
  return {
    listeners: [
      { name: 'LOGIN', protocol: 'SASL_SSL', port: await freePort() },
      { name: 'CERTIFICATE', protocol: 'SSL', port: await freePort() },
    ],
    users: [LOGIN, POWERLESS],
    settings: {
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': keystore,
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': authority.certFile,
      'listener.name.certificate.ssl.client.auth': 'required',
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      // The broker itself, on its plain listener, is anonymous.
      'super.users': `User:ANONYMOUS;User:${LOGIN.username};User:CN=client`,
      // A session ends unless its client logs in anew, as managed clusters have it: connections that last must do so.
      'connections.max.reauth.ms': '12000',
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      'listener.name.login.plain.sasl.jaas.config': `${modules}.plain.PlainLoginModule required user_${LOGIN.username}="${LOGIN.password}";`,
      ...Object.fromEntries(
        ['scram-sha-256', 'scram-sha-512'].map((mechanism) => [
          `listener.name.login.${mechanism}.sasl.jaas.config`,
          `${modules}.scram.ScramLoginModule required;`,
        ]),
      ),
    },
  };
}
