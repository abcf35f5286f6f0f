import { snappyCompress } from '../../codecs/snappy/index.ts'
import type { WriteRequest } from '../../codecs/remote-write/index.ts'
import type { Context, Probe } from '../../engine/contracts.ts'
import type { Attempt } from '../../engine/delivery/in-order.ts'
import type { Host } from '../../host/index.ts'
import { messageOf } from '../../model/errors.ts'
import { withoutSecretsOf } from '../../model/url-text.ts'
import { HttpClient } from '../../net/http/client.ts'
import { readTls } from '../../net/tls.ts'
import type { RemoteWriteConfig } from './config.ts'
import { outcomeOf, shownBytes } from './map.ts'

const connections = 4
const protocol = {
  'content-type': 'application/x-protobuf',
  'content-encoding': 'snappy',
  'x-prometheus-remote-write-version': '0.1.0',
  'user-agent': 'weir',
}

export class Pusher {
  readonly #client: HttpClient
  readonly #config: RemoteWriteConfig
  readonly #host: Host

  private constructor(client: HttpClient, config: RemoteWriteConfig, host: Host) {
    this.#client = client
    this.#config = config
    this.#host = host
  }

  static async open(config: RemoteWriteConfig, { host }: Pick<Context, 'host'>): Promise<Pusher> {
    const client = new HttpClient({
      url: config.url,
      connections,
      timeoutMs: config.timeout,
      timers: host.timers,
      tls: await readTls(config.tls, host.disk),
      login: { auth: config.auth, clock: host.clock },
    })
    return new Pusher(client, config, host)
  }

  /**
   * Sends requests concurrently; no order is needed between them, because each has other series. After a transient
   * failure no further ones begin. Never rejects. `sent`: called with each outcome.
   */
  async push(
    requests: Iterable<WriteRequest>,
    signal: AbortSignal,
    sent: (request: WriteRequest, outcome: Attempt) => void,
  ): Promise<Attempt> {
    const { clock } = this.#host
    const deadline = clock.monotonic() + this.#config.timeout
    const source = requests[Symbol.iterator]()
    let worst: Attempt
    const worker = async (): Promise<void> => {
      while (worst?.is !== 'retry') {
        if (signal.aborted) worst = { is: 'retry', reason: 'not sent: the sink is stopping' }
        else if (clock.monotonic() > deadline)
          worst = {
            is: 'retry',
            reason: 'the series were not pushed within `timeout`; raise it, or choose fewer metrics',
          }
        if (worst?.is === 'retry') return
        const { done, value } = source.next()
        if (done === true) return
        const outcome = await this.#post(value, signal)
        sent(value, outcome)
        if (outcome?.is === 'retry' || worst === undefined) worst = outcome ?? worst
      }
    }
    await Promise.all(Array.from({ length: connections }, worker))
    return worst
  }

  async probe(signal: AbortSignal): Promise<Probe> {
    const { url } = this.#config
    // An empty request has no series.
    const outcome = await this.#post({ body: new Uint8Array(0), samples: 0 }, signal)
    if (outcome === undefined)
      return { is: 'ok', message: `${withoutSecretsOf(url, url)}: it accepts an empty request` }
    if (outcome.is === 'reject')
      return { is: 'warn', message: `${outcome.reason}; it responds, but refuses an empty request` }
    return { is: 'fail', message: outcome.reason }
  }

  close(): void {
    this.#client.close()
  }

  async #post({ body }: WriteRequest, signal: AbortSignal): Promise<Attempt> {
    const { url, headers } = this.#config
    try {
      const answer = await this.#client.request({
        method: 'POST',
        headers: { ...headers, ...protocol },
        body: snappyCompress(body),
        limit: shownBytes,
        truncate: true,
        signal,
      })
      const outcome = outcomeOf(answer, this.#host.clock.now())
      return outcome === undefined
        ? undefined
        : { ...outcome, reason: withoutSecretsOf(url, `${url}: ${outcome.reason}`) }
    } catch (error) {
      return { is: 'retry', reason: withoutSecretsOf(url, `${url}: ${messageOf(error)}`) }
    }
  }
}
