import { ResponseError } from '../../polling/poll-error.ts'
import { pageOf, type Page } from '../../polling/pages.ts'
import type { Span } from '../../polling/partition.ts'
import { withRetries } from '../../polling/retry.ts'
import type { Host } from '../../host/index.ts'
import { withoutUndefined, isRecord, textOf, type Fields } from '../../model/json.ts'
import type { HttpAnswer } from '../../net/http/client.ts'
import { LazyClient } from '../../net/http/lazy-client.ts'
import { revealSecret } from '../../net/secrets.ts'
import { messageOf } from '../../model/errors.ts'
import { ExoscaleError, failureOf, isTooLarge, parseResponse, connectionError } from './client-errors.ts'
import { authorizationOf, expiresAt, type Signable } from '../../net/exoscale/sign.ts'
import type { ExoscaleEventsConfig, ZoneConfig } from './config.ts'

type ZoneOptions = Readonly<{
  host: Host
  config: ExoscaleEventsConfig
  zone: ZoneConfig
  env: Readonly<Record<string, string | undefined>>
  maxAttempts?: number
  note: (what: 'answered' | 'retried', message: string) => void
}>

const version = '/v2'
const mostBytes = 64 * 1024 * 1024
/** Undocumented whether the bounds are inclusive. */
const edgeMs = 1000

export class ZoneClient {
  readonly #options: ZoneOptions
  readonly #http: LazyClient

  constructor(options: ZoneOptions) {
    this.#options = options
    const { host, env, config } = options
    this.#http = new LazyClient({
      host,
      url: `${this.endpoint}/`,
      connections: 1,
      timeoutMs: config.timeout,
      tls: config.tls,
      env,
    })
  }

  get endpoint(): string {
    const { name, endpoint } = this.#options.zone
    return (endpoint ?? `https://api-${name}.exoscale.com`).replace(/\/+$/, '')
  }

  async organization(signal: AbortSignal): Promise<string> {
    const answer = await this.#get('/organization', [], 'get-organization', signal)
    const id = textOf(parseResponse(answer, this.endpoint, isRecord)['id'])
    if (id === undefined)
      throw new ExoscaleError(`${this.endpoint} does not return the organisation of the key; set \`organization\``)
    return id
  }

  /** All events of the range, newest first: the API has no pages. Undefined if the response is too large. */
  async read({ from, to }: Span, signal: AbortSignal): Promise<Page<unknown> | undefined> {
    const answer = await this.#get(
      '/event',
      [
        ['from', written(from - edgeMs)],
        ['to', written(to + edgeMs)],
      ],
      'list-events',
      signal,
    ).catch((error: unknown) => {
      if (isTooLarge(error)) return undefined
      throw error
    })
    if (answer === undefined) return undefined
    const page = pageOf({ api: this.endpoint, what: 'events', list: bodyOf(answer, this.endpoint) })
    const time = (event: unknown) => Date.parse(textOf((isRecord(event) ? event : ({} as Fields))['timestamp']) ?? '')
    return time(page.found[0]) < time(page.found.at(-1)) ? { ...page, found: page.found.toReversed() } : page
  }

  close(): void {
    this.#http.close()
  }

  #get(path: string, query: Signable['query'], operation: string, signal: AbortSignal): Promise<HttpAnswer> {
    const { host, note, maxAttempts } = this.#options
    return withRetries(
      {
        host,
        signal,
        ...withoutUndefined({ tries: maxAttempts }),
        retried: (message) => {
          note('retried', message)
        },
      },
      async () => {
        const answer = await this.#send(path, query, signal)
        if (answer.status !== 200) throw failureOf(answer, { what: this.endpoint, operation, now: host.clock.now() })
        note('answered', '')
        return answer
      },
    )
  }

  async #send(path: string, query: Signable['query'], signal: AbortSignal): Promise<HttpAnswer> {
    const { host, config } = this.#options
    const { pathname } = new URL(`${this.endpoint}${version}${path}`)
    const search = query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')
    try {
      const key = { key: revealSecret(config.key).trim(), secret: revealSecret(config.secret).trim() }
      const authorization = authorizationOf({ method: 'GET', path: pathname, query }, key, expiresAt(host.clock.now()))
      return await this.#http.request({
        to: `${pathname}${search === '' ? '' : `?${search}`}`,
        headers: { accept: 'application/json', authorization },
        limit: mostBytes,
        signal,
      })
    } catch (error) {
      throw connectionError(error, this.endpoint)
    }
  }
}

function bodyOf(answer: HttpAnswer, what: string): unknown {
  try {
    return parseResponse(answer, what, (value): value is object => typeof value === 'object' && value !== null)
  } catch (error) {
    throw new ResponseError('unreadable', messageOf(error), error)
  }
}

const written = (time: number) => new Date(time).toISOString()
