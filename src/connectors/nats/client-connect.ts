import type { Authenticator, ConnectionOptions, NatsConnection } from '@nats-io/transport-node'
import type { Context } from '../../engine/contracts.ts'
import { revealSecret } from '../../net/secrets.ts'
import { readTls, type TlsOptions } from '../../net/tls.ts'
import type { Tls } from '../../schema/index.ts'
import type { NatsConfig, NatsServer } from './config.ts'
import { wildcardOf } from './map-subject.ts'
import { withoutUndefined } from '../../model/json.ts'

export type Library = Awaited<ReturnType<typeof loadClient>>

export async function loadClient() {
  const [transport, jetstream] = await Promise.all([import('@nats-io/transport-node'), import('@nats-io/jetstream')])
  return { ...transport, ...jetstream }
}

/** Reconnects during the lifetime of the sink. Secrets and TLS files are read for each connection. */
export async function connectionOptions(
  library: Library,
  config: NatsServer,
  { id, host }: Pick<Context, 'id' | 'host'>,
): Promise<ConnectionOptions> {
  const files = await readTls(config.tls, host.disk)
  const authenticator = authenticatorOf(library, config.auth)
  authenticator?.()
  return {
    servers: [config.url, ...config.fallback_urls],
    name: `weir ${id}`,
    timeout: config.timeout,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 1000,
    // ms. After two missed pings another node is used; the library default is two minutes.
    pingInterval: 5000,
    noAsyncTraces: true,
    ...withoutUndefined({ authenticator }),
    ...(files === undefined && !config.url.startsWith('tls:') ? {} : { tls: filesOf(config.tls, files) }),
  }
}

function authenticatorOf(library: Library, auth: NatsServer['auth']): Authenticator | undefined {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
  switch (auth.type) {
    case 'none':
      return undefined
    case 'user':
      return library.usernamePasswordAuthenticator(auth.user, () => revealSecret(auth.password))
    case 'token':
      return library.tokenAuthenticator(() => revealSecret(auth.token))
    case 'nkey':
      return library.nkeyAuthenticator(() => bytes(revealSecret(auth.seed).trim()))
    case 'creds':
      return library.credsAuthenticator(() => bytes(revealSecret(auth.creds)))
  }
}

function filesOf(tls: Tls | null, read: TlsOptions | undefined): object {
  if (tls === null || read === undefined) return {}
  const { rejectUnauthorized, servername } = read
  return {
    rejectUnauthorized,
    ...withoutUndefined({ servername }),
    ...(tls.ca_file === null ? {} : { caFile: tls.ca_file }),
    ...(tls.cert_file === null ? {} : { certFile: tls.cert_file }),
    ...(tls.key_file === null ? {} : { keyFile: tls.key_file }),
  }
}

export async function ensureStream(
  library: Library,
  connection: NatsConnection,
  { stream, create_stream, subject, timeout }: NatsConfig,
): Promise<void> {
  if (!create_stream || stream === null) return
  const manager = await library.jetstreamManager(connection, { timeout, checkAPI: false })
  try {
    await manager.streams.info(stream)
  } catch (error) {
    if (!(error instanceof library.JetStreamApiError) || error.code !== library.JetStreamApiCodes.StreamNotFound)
      throw error
    await manager.streams.add({ name: stream, subjects: [wildcardOf(subject)] })
  }
}
