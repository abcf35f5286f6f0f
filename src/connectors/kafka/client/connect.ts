import type { API, Base, BaseOptions, Broker, Connection, SASLOptions } from '@platformatic/kafka'
import type { Context } from '../../../engine/contracts.ts'
import { revealSecret } from '../../../net/secrets.ts'
import { readTls } from '../../../net/tls.ts'
import type { KafkaConfig } from '../config.ts'

export type Library = Awaited<ReturnType<typeof loadClient>>

const metadataMaxAge = 60_000

export async function loadClient() {
  return import('@platformatic/kafka')
}

export type ClusterConfig = Pick<KafkaConfig, 'brokers' | 'auth' | 'tls' | 'timeout'>

export async function connectionOptions(
  { brokers, auth, tls, timeout }: ClusterConfig,
  { id, host }: Pick<Context, 'id' | 'host'>,
  knownBrokers: readonly Broker[] = brokers,
): Promise<BaseOptions> {
  const files = await readTls(tls, host.disk)
  const sasl = saslOf(auth)
  // TLS server names exclude addresses.
  const named = brokers.every(({ host: name }) => !/^[\d.]+$|:/.test(name))
  return {
    clientId: `weir-${id.replaceAll(/\s/g, '-')}`,
    bootstrapBrokers: [...knownBrokers],
    timeout,
    connectTimeout: timeout,
    requestTimeout: timeout,
    retries: 0,
    metadataMaxAge,
    ...(files === undefined ? {} : { tls: { ...files }, tlsServerName: files.servername ?? named }),
    ...(sasl === undefined ? {} : { sasl }),
  }
}

export async function openBase(library: Library, options: BaseOptions): Promise<Base> {
  const base = new library.Base(options)
  let last: Error | undefined
  // Without a listener the error would end the process.
  base.connections.on('connecting', ({ connection }) =>
    connection.on('error', (error) => {
      last = error
    }),
  )
  try {
    await base.metadata({ topics: [] })
    return base
  } catch (error) {
    await base.close().catch(() => undefined)
    throw last === undefined ? error : new AggregateError([error, last])
  }
}

export function apiOf<Arguments extends unknown[], Response>(
  library: Library,
  base: Base,
  name: string,
): Promise<API<Arguments, Response>> {
  return new Promise((resolve, reject) => {
    base[library.kGetApi]<Arguments, Response>(name, (error, api) => {
      if (api === undefined) reject(error ?? new Error(`the brokers do not support ${name}`))
      else resolve(api)
    })
  })
}

export function anyConnection(library: Library, base: Base): Promise<Connection> {
  return new Promise((resolve, reject) => {
    base[library.kGetBootstrapConnection]((error, connection) => {
      if (connection === undefined) reject(error ?? new Error('no broker answers'))
      else resolve(connection)
    })
  })
}

function saslOf(auth: KafkaConfig['auth']): SASLOptions | undefined {
  switch (auth.type) {
    case 'none':
      return undefined
    case 'plain':
      return { mechanism: 'PLAIN', username: auth.user, password: () => revealSecret(auth.password) }
    case 'scram-sha-256':
      return { mechanism: 'SCRAM-SHA-256', username: auth.user, password: () => revealSecret(auth.password) }
    case 'scram-sha-512':
      return { mechanism: 'SCRAM-SHA-512', username: auth.user, password: () => revealSecret(auth.password) }
    case 'oauthbearer':
      return {
        mechanism: 'OAUTHBEARER',
        token: () => revealSecret(auth.token).trim(),
        // A rejected token is in the body of a successful response.
        authBytesValidator(bytes, done) {
          if (bytes === null || bytes.length === 0) done(null, bytes)
          else done(new Error(`the token was rejected: ${bytes.toString()}`), bytes)
        },
      }
  }
}
