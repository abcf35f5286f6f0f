import { CollectError, type CollectFault } from '../../polling/inventory/collector.ts'
import type { Host } from '../../host/index.ts'
import { messageOf } from '../../model/errors.ts'
import { fieldsOf, isRecord, type Fields } from '../../model/json.ts'
import { jsonOf } from '../../net/exoscale/answer.ts'
import { exoscaleFailure } from '../../net/exoscale/failure.ts'
import { authorizationOf, expiresAt } from '../../net/exoscale/sign.ts'
import { HttpError, type HttpAnswer } from '../../net/http/client.ts'
import { LazyClient } from '../../net/http/lazy-client.ts'
import { revealSecret } from '../../net/secrets.ts'
import type { ExoscaleConfig } from './config.ts'

type ClientOptions = Readonly<{
  host: Host
  config: Pick<ExoscaleConfig, 'key' | 'secret' | 'timeout' | 'tls'>
  /** Base URL without the version. */
  endpoint: string
  env: Readonly<Record<string, string | undefined>>
  /** `endpoint`: the path with `{id}` for ids. `status`: of HTTP, or `none`. */
  requested: (endpoint: string, status: string) => void
}>

const version = '/v2'
const mostBytes = 64 * 1024 * 1024
const ids = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/gi

/** One zone. It makes no retry. */
export class ExoscaleClient {
  readonly #options: ClientOptions
  readonly endpoint: string
  readonly #http: LazyClient

  constructor(options: ClientOptions) {
    this.#options = options
    this.endpoint = options.endpoint.replace(/\/+$/, '')
    const { host, env, config } = options
    this.#http = new LazyClient({
      host,
      url: `${this.endpoint}/`,
      connections: 2,
      timeoutMs: config.timeout,
      tls: config.tls,
      env,
    })
  }

  /** A JSON object. Rejects with CollectError. */
  async get(path: string, signal: AbortSignal): Promise<Fields> {
    const { requested, host } = this.#options
    const label = path.replace(ids, '{id}')
    const answer = await this.#send(path, signal).catch((error: unknown) => {
      requested(label, 'none')
      throw connectionError(error, this.endpoint)
    })
    requested(label, String(answer.status))
    if (answer.status !== 200) throw failureOf(answer, `${this.endpoint}${version}${path}`, host.clock.now())
    const body = jsonOf(answer)
    if (!isRecord(body))
      throw new CollectError('decode', `${this.endpoint}${version}${path} returned no JSON object`, { mayPass: true })
    return body
  }

  /** The objects of a list. A missing list is an error, because an empty one would delete all resources. */
  async list(path: string, envelope: string, signal: AbortSignal): Promise<readonly Fields[]> {
    const value = (await this.get(path, signal))[envelope]
    if (!Array.isArray(value))
      throw new CollectError('decode', `${this.endpoint}${version}${path} returned no list \`${envelope}\``, {
        mayPass: true,
      })
    return value.map(fieldsOf)
  }

  close(): void {
    this.#http.close()
  }

  async #send(path: string, signal: AbortSignal): Promise<HttpAnswer> {
    const { host, config } = this.#options
    const { pathname } = new URL(`${this.endpoint}${version}${path}`)
    const key = { key: revealSecret(config.key).trim(), secret: revealSecret(config.secret).trim() }
    const request = { method: 'GET', path: pathname, query: [] }
    const authorization = authorizationOf(request, key, expiresAt(host.clock.now()))
    const headers = { accept: 'application/json', authorization }
    return this.#http.request({ to: pathname, headers, limit: mostBytes, signal })
  }
}

function failureOf(answer: HttpAnswer, what: string, now: number): CollectError {
  const { fault, message, ...retry } = exoscaleFailure(answer, {
    what,
    allow: 'allow it in the role of the key',
    now,
  })
  return new CollectError(fault, message, retry)
}

function connectionError(error: unknown, what: string): CollectError {
  const fault: CollectFault = error instanceof HttpError && error.kind === 'timeout' ? 'timeout' : 'server'
  return new CollectError(fault, `${what} can't be reached (${messageOf(error)})`, {
    cause: error,
    mayPass: error instanceof HttpError,
  })
}
