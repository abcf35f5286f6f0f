/**
 * Connection pools of one client, on undici. It is loaded with the first request: it takes some 60 ms and 28 MB, and
 * most processes post nothing. HTTP/1.1 only, one request per connection at a time: sinks count connections, and a
 * failure must not affect the requests of others.
 */
import type { Dispatcher } from 'undici'
import type { TlsOptions } from '../tls.ts'

export interface PoolOptions {
  /** Limit of connections per origin; further requests wait for one. */
  readonly connections: number
  readonly connectMs: number
  readonly tls: TlsOptions | undefined
  /**
   * Variables that may name a proxy (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, and in lower case, which take
   * precedence).
   */
  readonly proxyEnv: Readonly<Record<string, string | undefined>> | undefined
}

type Undici = typeof import('undici')

/**
 * Idle connections are closed after this, unless the server states a shorter time: load balancers drop them after 60 s.
 */
const idleMs = 30_000

export class Pools {
  readonly #options: PoolOptions
  readonly #open = new Map<string, Dispatcher>()
  #undici: Undici | undefined
  #isClosed = false

  constructor(options: PoolOptions) {
    this.#options = options
  }

  /**
   * The pool for an origin. `isOwn`: the configured one; others get neither the client certificate nor the configured
   * server name. Throws for a proxy variable that is no URL.
   */
  async of(origin: string, isOwn: boolean): Promise<Dispatcher> {
    this.#undici ??= await import('undici')
    if (this.#isClosed) throw new Error('the client is closed')
    // One for all other origins would give https the proxy of http.
    const key = isOwn ? '' : new URL(origin).protocol
    const found = this.#open.get(key) ?? this.#make(this.#undici, origin, isOwn)
    this.#open.set(key, found)
    return found
  }

  /** As {@link of}, of a pool that is open. */
  opened(isOwn: boolean): Dispatcher | undefined {
    return isOwn ? this.#open.get('') : undefined
  }

  close(): void {
    this.#isClosed = true
    for (const pool of this.#open.values()) void pool.destroy().catch(() => undefined)
    this.#open.clear()
  }

  #make({ Agent, buildConnector, EnvHttpProxyAgent, Pool }: Undici, origin: string, isOwn: boolean): Dispatcher {
    const { connections, connectMs, tls, proxyEnv } = this.#options
    const { cert: _cert, key: _key, servername: _name, ...anonymous } = tls ?? { rejectUnauthorized: true }
    const own = tls === undefined ? {} : isOwn ? tls : anonymous
    const connector = buildConnector({ ...own, timeout: connectMs, allowH2: false })
    const { servername } = own as Partial<TlsOptions>
    const options = {
      connections,
      allowH2: false,
      // The client's own deadline covers the whole request.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: idleMs,
      // A header `host`, which signatures contain, must not replace the configured name.
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
        requestTls: { ...own, timeout: connectMs },
      })
    return isOwn ? new Pool(origin, options) : new Agent(options)
  }
}

/** Undefined: none is named. Undici would use `HTTP_PROXY` for https as well. */
function proxyOf(
  env: NonNullable<PoolOptions['proxyEnv']>,
  protocol: string,
): { readonly httpProxy: string; readonly httpsProxy: string; readonly noProxy: string } | undefined {
  const named = (variable: string): string => env[variable.toLowerCase()] || env[variable] || ''
  const variable = protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  const value = named(variable)
  if (value === '') return undefined
  const url = value.includes('://') ? value : `http://${value}`
  if (!URL.canParse(url)) throw new Error(`the variable ${variable} is no URL of a proxy`)
  return { httpProxy: url, httpsProxy: url, noProxy: named('NO_PROXY') }
}
