/** undici is loaded with the first request (60 ms, 28 MB). HTTP/1.1 only: sinks count connections. */
import type { Dispatcher } from 'undici'
import type { TlsOptions } from '../tls.ts'

export type PoolOptions = Readonly<{
  connections: number
  connectMs: number
  tls: TlsOptions | undefined
  proxyEnv: Readonly<Record<string, string | undefined>> | undefined
}>

type Undici = typeof import('undici')

/** Load balancers drop idle connections after 60 s. */
const idleMs = 30_000

/** Others than the configured origin get neither the client certificate nor the server name. */
type OriginKind = 'configured' | 'other'

export class Pools {
  readonly #options: PoolOptions
  readonly #open = new Map<string, Dispatcher>()
  #undici: Undici | undefined
  #isClosed = false

  constructor(options: PoolOptions) {
    this.#options = options
  }

  async of(origin: string, kind: OriginKind): Promise<Dispatcher> {
    this.#undici ??= await import('undici')
    if (this.#isClosed) throw new Error('the client is closed')
    // One pool for all other origins would give https the proxy of http.
    const key = kind === 'configured' ? '' : new URL(origin).protocol
    const dispatcher = this.#open.get(key) ?? this.#make(this.#undici, origin, kind)
    this.#open.set(key, dispatcher)
    return dispatcher
  }

  opened(kind: OriginKind): Dispatcher | undefined {
    return kind === 'configured' ? this.#open.get('') : undefined
  }

  close(): void {
    this.#isClosed = true
    for (const pool of this.#open.values()) void pool.destroy().catch(() => undefined)
    this.#open.clear()
  }

  #make({ Agent, buildConnector, EnvHttpProxyAgent, Pool }: Undici, origin: string, kind: OriginKind): Dispatcher {
    const isOwn = kind === 'configured'
    const { connections, connectMs, tls, proxyEnv } = this.#options
    const { cert: _cert, key: _key, servername: _name, ...anonymous } = tls ?? { rejectUnauthorized: true }
    const clientTls = tls === undefined ? {} : isOwn ? tls : anonymous
    const connector = buildConnector({ ...clientTls, timeout: connectMs, allowH2: false })
    const { servername } = clientTls as Partial<TlsOptions>
    const options = {
      connections,
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: idleMs,
      // A signed header `host` must not replace the configured name.
      connect: ((to, done) => {
        connector(servername === undefined ? to : { ...to, servername }, done)
      }) satisfies typeof connector,
    }
    const proxy = proxyEnv === undefined ? undefined : proxyOf(proxyEnv, new URL(origin).protocol)
    if (proxy !== undefined)
      return new EnvHttpProxyAgent({
        ...options,
        ...proxy,
        connectTimeout: connectMs,
        requestTls: { ...clientTls, timeout: connectMs },
      })
    return isOwn ? new Pool(origin, options) : new Agent(options)
  }
}

function proxyOf(
  env: NonNullable<PoolOptions['proxyEnv']>,
  protocol: string,
): Readonly<{ httpProxy: string; httpsProxy: string; noProxy: string }> | undefined {
  const named = (variable: string) => env[variable.toLowerCase()] || env[variable] || ''
  const variable = protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  const value = named(variable)
  if (value === '') return undefined
  const url = value.includes('://') ? value : `http://${value}`
  if (!URL.canParse(url)) throw new Error(`the variable ${variable} is not the URL of a proxy`)
  return { httpProxy: url, httpsProxy: url, noProxy: named('NO_PROXY') }
}
