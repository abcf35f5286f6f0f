import type { BinaryMessage } from '../../codecs/cloudevents/index.ts'
import type { Context, Probe } from '../../engine/ports.ts'
import type { Attempt } from '../../engine/in-order.ts'
import type { Host } from '../../host/index.ts'
import { HttpClient, HttpError } from '../../net/http-client.ts'
import { authorization } from '../../net/secrets.ts'
import { readTls } from '../../net/tls.ts'
import type { HttpConfig } from './config.ts'
import { outcomeOf, probeOf, shownBytes } from './map.ts'

/** The wire: one message, one request, one verdict. */
export class Poster {
  readonly #client: HttpClient
  readonly #headers: Readonly<Record<string, string>>
  readonly #host: Host
  readonly #url: string

  private constructor(client: HttpClient, headers: Readonly<Record<string, string>>, host: Host, url: string) {
    this.#client = client
    this.#headers = headers
    this.#host = host
    this.#url = url
  }

  static async open(config: HttpConfig, { host }: Context): Promise<Poster> {
    const login = authorization(config.auth)
    const client = new HttpClient({
      url: config.url,
      connections: config.concurrency,
      timeoutMs: config.timeout,
      keepBytes: shownBytes,
      timers: host.timers,
      tls: await readTls(config.tls, host.disk),
    })
    return new Poster(client, { ...config.headers, ...(login === undefined ? {} : { authorization: login }) }, host, config.url)
  }

  /** Never rejects: whatever goes wrong below HTTP passes, and is said in words. */
  async post({ headers, body }: BinaryMessage, signal: AbortSignal): Promise<Attempt> {
    try {
      return outcomeOf(await this.#client.post({ ...this.#headers, ...headers }, body, signal), this.#host.clock.now())
    } catch (error) {
      const reason = `${this.#url}: ${error instanceof Error ? error.message : String(error)}`
      // A timeout may be one event's doing; a refused connection is everybody's.
      return { is: 'retry', reason, away: error instanceof HttpError && error.kind === 'network' }
    }
  }

  /** Asks the receiver what it takes: it sees our login, and no event. */
  async probe(signal: AbortSignal): Promise<Probe> {
    try {
      return probeOf(this.#url, await this.#client.options(this.#headers, signal))
    } catch (error) {
      return { is: 'fail', says: `${this.#url}: ${error instanceof Error ? error.message : String(error)}` }
    }
  }

  close(): void {
    this.#client.close()
  }
}
