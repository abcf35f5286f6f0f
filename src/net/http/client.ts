/** On undici (ADR 0027): one origin with its TLS and credentials, a deadline and a limit per response. */
import type { Clock, Timers } from '../../host/index.ts'
import type { Auth } from '../../schema/index.ts'
import type { TlsOptions } from '../tls.ts'
import { acceptedEncodings, decodeBody } from './content-encoding.ts'
import { Credentials } from './credentials.ts'
import { aborted, HttpError, networkError } from './errors.ts'
import { StreamedExchange, type HttpStream } from './streamed.ts'
import { Exchange, type HttpHeaders, type RawResponse } from './exchange.ts'
import { Pools, type PoolOptions } from './pools.ts'
import { withoutUndefined } from '../../model/json.ts'

export { HttpError } from './errors.ts'
export type { HttpStream } from './streamed.ts'

export type HttpAnswer = Readonly<{
  /** 304 only for a request with an `etag`; the body is then empty. */
  status: number
  headers: HttpHeaders
  body: Uint8Array
}>

export type HttpClientOptions = Readonly<{
  url: string
  /** Limit of connections; further requests wait for one. */
  connections: number
  /** From the call to the end of the response, redirects included. */
  timeoutMs: number
  timers: Timers
  tls: TlsOptions | undefined
  /** Sent with each request to the origin of the URL; takes precedence over an `authorization` of the request. */
  login?: Readonly<{ auth: Auth; clock: Pick<Clock, 'monotonic'> }>
  /** Variables that may name a proxy; undefined: none is used. */
  proxyEnv?: PoolOptions['proxyEnv']
}>

export type HttpRequest = Readonly<{
  method?: 'GET' | 'POST' | 'PUT' | 'OPTIONS'
  to?: string
  headers?: Readonly<Record<string, string>>
  body?: Uint8Array
  limit: number
  /** Keeps the first `limit` bytes instead; no content coding is offered or decoded. */
  truncate?: boolean
  redirects?: number
  etag?: string
  signal: AbortSignal
}>

const redirectStatuses = new Set([301, 302, 303, 307, 308])
/** Sent to other origins, too: other headers may hold a credential. */
const anonymousHeaders = new Set(['accept', 'accept-language', 'accept-encoding', 'user-agent'])

type Step = Readonly<{
  url: URL
  isOwn: boolean
  headers: Readonly<Record<string, string>>
}>

export class HttpClient {
  readonly #options: HttpClientOptions
  readonly #url: URL
  readonly #pools: Pools
  readonly #credentials: Credentials | undefined

  constructor(options: HttpClientOptions) {
    this.#options = options
    const { url, connections, timeoutMs, tls, proxyEnv, login } = options
    this.#url = new URL(url)
    this.#pools = new Pools({ connections, connectMs: timeoutMs, tls, proxyEnv })
    this.#credentials = login === undefined ? undefined : new Credentials(login.auth, login.clock)
  }

  /** Rejects with HttpError, and with SecretError for credentials that can't be read. Nothing is retried. */
  async request(request: HttpRequest): Promise<HttpAnswer> {
    const { timers, timeoutMs } = this.#options
    const { signal } = request
    if (signal.aborted) throw aborted()
    const ended = new Ended()
    const timer = timers.after(timeoutMs, () => {
      ended.stop(new HttpError('timeout', `no response within ${timeoutMs} ms`))
    })
    const abort = () => {
      ended.stop(aborted())
    }
    signal.addEventListener('abort', abort, { once: true })
    try {
      return await this.#follow(request, ended)
    } finally {
      timer.cancel()
      signal.removeEventListener('abort', abort)
    }
  }

  /** The response is read as it arrives. The deadline ends with the headers. Content codings are not offered. */
  async open(request: Omit<HttpRequest, 'limit' | 'truncate' | 'redirects' | 'etag'>): Promise<HttpStream> {
    const { timers, timeoutMs } = this.#options
    const { method = 'GET', body, signal } = request
    if (signal.aborted) throw aborted()
    const exchange = new StreamedExchange()
    const timer = timers.after(timeoutMs, () =>
      exchange.stop(new HttpError('timeout', `no response within ${timeoutMs} ms`)),
    )
    const abort = () => exchange.stop(aborted())
    signal.addEventListener('abort', abort, { once: true })
    exchange.ended = () => signal.removeEventListener('abort', abort)
    try {
      const { to } = request
      const { url, headers } = this.#first(
        { ...request, limit: 0, truncate: true },
        to === undefined ? this.#url : new URL(to, this.#url.href),
      )
      const pool = await this.#pools.of(url.origin, 'configured')
      const path = `${url.pathname}${url.search}`
      pool.dispatch({ origin: url.origin, path, method, headers, ...withoutUndefined({ body }) }, exchange)
    } catch (error) {
      exchange.stop(networkError(error))
    }
    try {
      const response = await exchange.response
      if (response.status === 401) this.#credentials?.expire()
      return response
    } finally {
      timer.cancel()
    }
  }

  close(): void {
    this.#pools.close()
  }

  async #follow(request: HttpRequest, ended: Ended): Promise<HttpAnswer> {
    const { to, redirects = 0, truncate = false, limit } = request
    let step = this.#first(request, to === undefined ? this.#url : new URL(to, this.#url.href))
    for (let followed = 0; ; followed++) {
      const raw = await this.#send(step, request, ended)
      const { status, headers, body } = raw
      if (status === 401 && step.isOwn) this.#credentials?.expire()
      const { location } = headers
      const isFollowed = redirects > 0 && redirectStatuses.has(status) && (request.method ?? 'GET') === 'GET'
      if (isFollowed && location !== undefined) {
        if (followed >= redirects)
          throw new HttpError('redirect', `${step.url.href} redirects again after ${redirects} redirects`)
        step = this.#next(step, location, request)
        continue
      }
      const encoding = headers['content-encoding']
      if (truncate || encoding === undefined || body.length === 0) return raw
      return { status, headers, body: await decodeBody(encoding, body, limit) }
    }
  }

  #first({ headers, truncate, etag }: HttpRequest, url: URL): Step {
    if (url.origin !== this.#url.origin) throw new Error('the request is for another origin than its client')
    const login = this.#credentials?.current() ?? headers?.['authorization'] ?? userOf(this.#url)
    return {
      url,
      isOwn: true,
      headers: {
        ...headers,
        ...withoutUndefined({ authorization: login }),
        ...(truncate === true ? {} : { 'accept-encoding': acceptedEncodings }),
        ...withoutUndefined({ 'if-none-match': etag }),
      },
    }
  }

  #next(from: Step, location: string, request: HttpRequest): Step {
    const url = URL.parse(location, from.url.href)
    const isSecure = url?.protocol === 'https:'
    if (url === null || (!isSecure && (url.protocol !== 'http:' || from.url.protocol === 'https:')))
      throw new HttpError('redirect', `${from.url.href} redirects to an address that is not followed`)
    if (url.origin === this.#url.origin && from.isOwn) return { ...from, url }
    // Also when redirected back: the other origin chose this URL.
    const allowed = Object.entries(from.headers).filter(([name]) => anonymousHeaders.has(name.toLowerCase()))
    const tag = request.etag === undefined ? {} : { 'if-none-match': request.etag }
    return { url, isOwn: false, headers: { ...Object.fromEntries(allowed), ...tag } }
  }

  async #send({ url, isOwn, headers }: Step, request: HttpRequest, ended: Ended): Promise<RawResponse> {
    const { method = 'GET', body, limit, truncate = false } = request
    const exchange = new Exchange({ limit, truncate })
    ended.follow(exchange)
    try {
      const kind = isOwn ? 'configured' : 'other'
      const pool = this.#pools.opened(kind) ?? (await this.#pools.of(url.origin, kind))
      const path = `${url.pathname}${url.search}`
      pool.dispatch({ origin: url.origin, path, method, headers, ...withoutUndefined({ body }) }, exchange)
    } catch (error) {
      exchange.stop(networkError(error))
    }
    return exchange.response
  }
}

class Ended {
  #reason: HttpError | undefined
  #exchange: Exchange | undefined

  follow(exchange: Exchange): void {
    this.#exchange = exchange
    if (this.#reason !== undefined) exchange.stop(this.#reason)
  }

  stop(reason: HttpError): void {
    this.#reason = reason
    this.#exchange?.stop(reason)
  }
}

function userOf({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return `Basic ${Buffer.from(text).toString('base64')}`
}
