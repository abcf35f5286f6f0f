import type { Host } from '../../host/index.ts'
import { messageOf } from '../../model/errors.ts'
import { fieldsOf, isRecord, parsedJson, textOf, type Fields } from '../../model/json.ts'
import { HttpError, type HttpAnswer } from '../../net/http/client.ts'
import { failedRequest } from '../../net/http/failed-request.ts'
import { LazyClient } from '../../net/http/lazy-client.ts'
import { retryAfterMs } from '../../net/http/retry-after.ts'
import { revealSecret } from '../../net/secrets.ts'
import { CollectError } from '../../polling/inventory/collector.ts'
import type { DigitaloceanConfig } from './config.ts'

type ClientOptions = Readonly<{
  host: Host
  config: DigitaloceanConfig
  env: Readonly<Record<string, string | undefined>>
  /** `endpoint`: the path with `{id}`. `status`: of HTTP, or `none`. `remaining`: requests of this hour. */
  requested: (endpoint: string, status: string, remaining: number | undefined) => void
}>

const mostBytes = 64 * 1024 * 1024
const perPage = 200
const maxPages = 1000
const maxWaitMs = 3_600_000
const ids = /(?<=\/)(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[^/]+(?=\/records))/gi

/** It makes no retry, and no request before the end of a rate limit. */
export class DigitaloceanClient {
  readonly #options: ClientOptions
  readonly #base: URL
  readonly #http: LazyClient
  /** Unix ms. */
  #limitedUntil = 0

  constructor(options: ClientOptions) {
    this.#options = options
    this.#base = new URL(options.config.endpoint)
    const { host, env, config } = options
    this.#http = new LazyClient({
      host,
      url: this.#base.href,
      connections: 4,
      timeoutMs: config.timeout,
      tls: config.tls,
      env,
    })
  }

  /** A JSON object. Rejects with CollectError. */
  async get(path: string, signal: AbortSignal): Promise<Fields> {
    const { requested, host } = this.#options
    const label = path.replace(/\?.*/, '').replace(ids, '{id}')
    const wait = this.#limitedUntil - host.clock.now()
    if (wait > 0)
      throw new CollectError('rate_limited', `${path} waits for the end of the rate limit`, {
        afterMs: wait,
        mayPass: true,
      })
    const answer = await this.#send(path, signal).catch((error: unknown) => {
      requested(label, 'none', undefined)
      const fault = error instanceof HttpError && error.kind === 'timeout' ? 'timeout' : 'server'
      throw new CollectError(fault, `${this.#base.origin} can't be reached (${messageOf(error)})`, {
        cause: error,
        mayPass: error instanceof HttpError,
      })
    })
    const remaining = answer.headers['ratelimit-remaining']
    requested(label, String(answer.status), remaining === undefined ? undefined : Number(remaining))
    const now = host.clock.now()
    // The response of a concurrent request states no limit.
    this.#limitedUntil = Math.max(this.#limitedUntil, now + limitMs(answer, now))
    const body = parsedJson(new TextDecoder().decode(answer.body))
    if (answer.status !== 200) throw failureOf(answer, body, `${this.#base.origin}${path}`, limitMs(answer, now))
    if (!isRecord(body)) throw new CollectError('decode', `${path} returned no JSON object`, { mayPass: true })
    return body
  }

  /** The objects of all pages. A page that fails fails the list. */
  async list(path: string, envelope: string, signal: AbortSignal): Promise<readonly Fields[]> {
    const items: Fields[] = []
    let next: string | undefined = `${path}?page=1&per_page=${perPage}`
    const read = new Set<string>()
    while (next !== undefined) {
      if (read.has(next) || read.size >= maxPages)
        throw new CollectError('decode', `${path} repeats a page or has more than ${maxPages} pages`)
      read.add(next)
      const body: Fields = await this.get(next, signal)
      const value = body[envelope]
      if (!Array.isArray(value))
        throw new CollectError('decode', `${path} returned no list \`${envelope}\``, { mayPass: true })
      items.push(...value.map(fieldsOf))
      next = this.#next(path, textOf(fieldsOf(fieldsOf(body['links'])['pages'])['next']))
    }
    return items
  }

  close(): void {
    this.#http.close()
  }

  /** The token is sent there. */
  #next(path: string, given: string | undefined): string | undefined {
    if (given === undefined) return undefined
    const url = URL.parse(given, this.#base.href)
    if (url?.host !== this.#base.host)
      throw new CollectError('decode', `${path} names a next page on another host, which is not followed`)
    return `${url.pathname}${url.search}`
  }

  async #send(path: string, signal: AbortSignal): Promise<HttpAnswer> {
    const authorization = `Bearer ${revealSecret(this.#options.config.token).trim()}`
    const headers = { accept: 'application/json', authorization }
    return this.#http.request({ to: path, headers, limit: mostBytes, signal })
  }
}

/** `retry-after` limits a minute; `ratelimit-reset` is the Unix time at which the hour has room again. */
function limitMs({ status, headers }: HttpAnswer, now: number): number {
  const isOver = status === 429
  const after = retryAfterMs(headers['retry-after'], now, maxWaitMs)
  if (isOver && after !== undefined) return after
  const reset = Number(headers['ratelimit-reset'])
  if (headers['ratelimit-remaining'] !== '0' || Number.isNaN(reset)) return 0
  return Math.min(maxWaitMs, Math.max(0, reset * 1000 - now))
}

function failureOf({ status }: HttpAnswer, body: unknown, what: string, afterMs: number): CollectError {
  const { fault, message, ...retry } = failedRequest({
    status,
    message: textOf(fieldsOf(body)['message']) ?? '',
    what,
    afterMs,
    login: 'correct `token`',
    allow: 'add its read scope to the token',
  })
  return new CollectError(fault, message, retry)
}
