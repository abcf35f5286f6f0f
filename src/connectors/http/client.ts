import type { BinaryMessage } from '../../codecs/cloudevents/index.ts'
import type { Context, Probe } from '../../engine/contracts.ts'
import type { Attempt } from '../../engine/delivery/in-order.ts'
import type { Host } from '../../host/index.ts'
import { withoutSecretsOf } from '../../model/url-text.ts'
import { HttpClient, HttpError } from '../../net/http/client.ts'
import { readTls } from '../../net/tls.ts'
import { messageOf } from '../../model/errors.ts'
import type { HttpConfig } from './config.ts'
import { outcomeOf, probeOf, shownBytes } from './map.ts'

const shown = { limit: shownBytes, truncate: true } as const

export class Poster {
  readonly #client: HttpClient
  readonly #config: HttpConfig
  readonly #host: Host
  readonly #url: string
  readonly #headers: Readonly<Record<string, string>>

  private constructor(client: HttpClient, config: HttpConfig, host: Host) {
    this.#client = client
    this.#config = config
    this.#host = host
    this.#url = config.url
    this.#headers = Object.fromEntries(
      Object.entries(config.headers).map(([name, value]) => [name.toLowerCase(), value]),
    )
  }

  static async open(config: HttpConfig, { host }: Context): Promise<Poster> {
    const client = new HttpClient({
      url: config.url,
      connections: config.concurrency,
      timeoutMs: config.timeout,
      timers: host.timers,
      tls: await readTls(config.tls, host.disk),
      login: { auth: config.auth, clock: host.clock },
    })
    return new Poster(client, config, host)
  }

  /** Never rejects: failures below HTTP are transient. */
  async post({ headers, body }: BinaryMessage, signal: AbortSignal): Promise<Attempt> {
    try {
      const answer = await this.#client.request({
        method: 'POST',
        headers: { ...this.#headers, ...headers },
        body,
        ...shown,
        signal,
      })
      const outcome = outcomeOf(answer, this.#host.clock.now(), this.#config.retry_statuses)
      return outcome === undefined ? undefined : { ...outcome, reason: withoutSecretsOf(this.#url, outcome.reason) }
    } catch (error) {
      const reason = withoutSecretsOf(this.#url, `${this.#url}: ${messageOf(error)}`)
      // A timeout may concern one event only.
      return { is: 'retry', reason, away: !(error instanceof HttpError) || error.kind === 'network' }
    }
  }

  async probe(signal: AbortSignal): Promise<Probe> {
    try {
      const { is, message } = probeOf(
        this.#url,
        await this.#client.request({ method: 'OPTIONS', headers: this.#headers, ...shown, signal }),
      )
      return { is, message: withoutSecretsOf(this.#url, message) }
    } catch (error) {
      return { is: 'fail', message: withoutSecretsOf(this.#url, `${this.#url}: ${messageOf(error)}`) }
    }
  }

  close(): void {
    this.#client.close()
  }
}
