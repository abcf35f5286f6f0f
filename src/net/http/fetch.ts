import type { Timers } from '../../host/index.ts'
import { HttpClient, HttpError, type HttpRequest } from './client.ts'
import { isLoopback } from './loopback.ts'
import type { PoolOptions } from './pools.ts'

type FetchOptions = Readonly<{
  timers: Timers
  timeoutMs: number
  limit: number
  proxyEnv: PoolOptions['proxyEnv']
}>

type FetchInit = Readonly<{
  method?: string
  headers?: Headers | Readonly<Record<string, string>>
  body?: unknown
  signal?: AbortSignal | null | undefined
}>

const never = new AbortController().signal
const codingHeaders = ['content-encoding', 'content-length', 'transfer-encoding']

/**
 * Follows no redirect. Rejects as `fetch`: with the signal's reason, or a TypeError with the network error as cause.
 */
export function fetchWith(options: FetchOptions): (url: string, init?: FetchInit) => Promise<Response> {
  const { timers, timeoutMs, limit, proxyEnv } = options
  const clients = new Map<string, HttpClient>()
  return async (url, { method = 'GET', headers, body, signal } = {}) => {
    const { origin, href } = new URL(url)
    const client =
      clients.get(origin) ??
      new HttpClient({
        url: origin,
        connections: 4,
        timeoutMs,
        timers,
        tls: undefined,
        ...(isLoopback(origin) ? {} : { proxyEnv }),
      })
    clients.set(origin, client)
    try {
      const response = await client.request({
        method: method as NonNullable<HttpRequest['method']>,
        to: href,
        headers: Object.fromEntries(new Headers(headers)),
        ...(body === undefined || body === null ? {} : { body: bytesOf(body) }),
        limit,
        signal: signal ?? never,
      })
      const entries = Object.entries(response.headers).filter(([name]) => !codingHeaders.includes(name))
      const { status } = response
      return new Response(status === 204 || status === 304 ? null : Uint8Array.from(response.body), {
        status,
        headers: entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as [string, string]])),
      })
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason
      throw new TypeError('fetch failed', { cause: error instanceof HttpError ? (error.cause ?? error) : error })
    }
  }
}

function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body
  if (typeof body === 'string' || body instanceof URLSearchParams) return Buffer.from(body.toString())
  throw new TypeError('the body of a request must be a text, a form or bytes')
}
