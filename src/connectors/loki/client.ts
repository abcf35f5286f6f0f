import type { Context, Probe } from '../../engine/contracts.ts'
import type { Host } from '../../host/index.ts'
import { messageOf } from '../../model/errors.ts'
import { withoutSecretsOf } from '../../model/url-text.ts'
import { HttpClient, type HttpAnswer } from '../../net/http/client.ts'
import { readTls, type TlsOptions } from '../../net/tls.ts'
import type { LokiConfig } from './config.ts'
import { pushOf, shownBytes, type Push } from './map-answer.ts'
import type { PushBody } from './map-push.ts'

const pushPath = '/loki/api/v1/push'
const maxConnections = 4
/** Certificates are renewed under the same names. */
const rereadMs = 30_000

export class LokiClient {
  readonly #config: LokiConfig
  readonly #host: Host
  readonly #url: string
  readonly #headers: Readonly<Record<string, string>>
  #http: HttpClient
  #tls: TlsOptions | undefined
  #readAt: number

  private constructor(config: LokiConfig, host: Host, tls: TlsOptions | undefined) {
    this.#config = config
    this.#host = host
    this.#url = pushUrl(config.url)
    this.#headers = {
      ...config.headers,
      ...(config.tenant === '' ? {} : { 'x-scope-orgid': config.tenant }),
    }
    this.#tls = tls
    this.#readAt = host.clock.monotonic()
    this.#http = this.#connect()
  }

  static async open(config: LokiConfig, { host }: Context): Promise<LokiClient> {
    return new LokiClient(config, host, await readTls(config.tls, host.disk))
  }

  get url(): string {
    return this.#url
  }

  /** Never rejects: failures below HTTP are transient. */
  async push({ type, bytes }: PushBody, signal: AbortSignal): Promise<Push> {
    try {
      await this.#renewTls()
      const answer = await this.#http.request({
        method: 'POST',
        headers: { ...this.#headers, 'content-type': type },
        body: bytes,
        limit: shownBytes,
        truncate: true,
        signal,
      })
      const push = pushOf(answer, this.#host.clock.now())
      return push === undefined ? undefined : { ...push, reason: this.#clean(`${this.#url}: ${push.reason}`) }
    } catch (error) {
      return { is: 'retry', reason: this.#clean(`${this.#url}: ${messageOf(error)}`) }
    }
  }

  /** Gateways have no `/ready`; an empty push then shows whether the API is there. */
  async probe(signal: AbortSignal): Promise<Probe> {
    try {
      const ready = this.#url.replace(pushPath, '/ready')
      const { status, body } = await this.#get(ready, signal)
      if (status === 200) return { is: 'ok', message: `${ready}: Loki is ready` }
      if (status === 503) return { is: 'fail', message: `${ready}: HTTP 503: ${Buffer.from(body).toString().trim()}` }
      const answer = await this.#http.request({
        method: 'POST',
        headers: { ...this.#headers, 'content-type': 'application/json' },
        body: Buffer.from('{"streams":[]}'),
        limit: shownBytes,
        truncate: true,
        signal,
      })
      return this.#probed(answer)
    } catch (error) {
      return { is: 'fail', message: this.#clean(`${this.#url}: ${messageOf(error)}`) }
    }
  }

  close(): void {
    this.#http.close()
  }

  #get(url: string, signal: AbortSignal) {
    return this.#http.request({ to: url, headers: this.#headers, limit: shownBytes, truncate: true, signal })
  }

  #probed(answer: HttpAnswer): Probe {
    const push = pushOf(answer, this.#host.clock.now())
    if (push?.is === 'retry') return { is: 'fail', message: this.#clean(`${this.#url}: ${push.reason}`) }
    // Some versions reject a push without streams.
    return { is: 'ok', message: `${this.#url}: the push API responds` }
  }

  #clean(text: string) {
    return withoutSecretsOf(this.#url, text)
  }

  /** The old certificate is used until the new one is readable. */
  async #renewTls() {
    const now = this.#host.clock.monotonic()
    if (this.#config.tls === null || now - this.#readAt < rereadMs) return
    this.#readAt = now
    const tls = await readTls(this.#config.tls, this.#host.disk).catch(() => this.#tls)
    if (JSON.stringify(tls) === JSON.stringify(this.#tls)) return
    this.#tls = tls
    this.#http.close()
    this.#http = this.#connect()
  }

  #connect(): HttpClient {
    const { auth, timeout } = this.#config
    return new HttpClient({
      url: this.#url,
      connections: maxConnections,
      timeoutMs: timeout,
      timers: this.#host.timers,
      tls: this.#tls,
      login: { auth, clock: this.#host.clock },
    })
  }
}

/** A URL with the path of the push API stays as it is. */
function pushUrl(base: string) {
  const url = new URL(base)
  const path = url.pathname.replace(/\/+$/, '')
  url.pathname = path.endsWith(pushPath) ? path : path + pushPath
  return url.href
}
