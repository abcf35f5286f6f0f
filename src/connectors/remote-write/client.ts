import type { Entry, WriteOptions } from '../../codecs/remote-write/index.ts'
import type { Context, Probe } from '../../engine/contracts.ts'
import type { Clock, Host } from '../../host/index.ts'
import { messageOf } from '../../model/errors.ts'
import { withoutSecretsOf } from '../../model/url-text.ts'
import { snappyCompress } from '../../codecs/snappy/index.ts'
import { HttpClient, type HttpAnswer } from '../../net/http/client.ts'
import { readTls } from '../../net/tls.ts'
import type { RemoteWriteConfig } from './config.ts'
import { pushIsolated, type Refused } from './sink-isolate.ts'
import { answerOf, shorten, writtenOf, type Answer } from './map.ts'
import { bodyOf, headersOf, lacksV2, type Version } from './client-protocol.ts'

const connections = 4
const splits = 128
/** Receivers of 2.0 name each refused series. */
const answerBytes = 1024 * 1024

type PushConfig = Pick<RemoteWriteConfig, 'url' | 'protocol' | 'timeout' | 'headers' | 'auth' | 'tls'>

export type Retry = Extract<Answer, { is: 'retry' }>

export type Pushed = Readonly<{
  retry: Retry | undefined
  accepted: number
  refused: readonly Refused[]
}>

type PushOptions = Readonly<{
  write: WriteOptions
  signal: AbortSignal
  sent: (entries: readonly Entry[], outcome: 'accepted' | 'refused' | 'failed') => void
}>

export class Pusher {
  readonly #client: HttpClient
  readonly #config: PushConfig
  readonly #clock: Clock
  readonly #onVersion: (version: Version) => void
  #version: Version
  /** The receiver accepted 2.0 before. */
  #isV2Known = false

  private constructor(client: HttpClient, config: PushConfig, host: Host, onVersion: (version: Version) => void) {
    this.#client = client
    this.#config = config
    this.#clock = host.clock
    this.#onVersion = onVersion
    this.#version = config.protocol === 'v1' ? 'v1' : 'v2'
  }

  static async open(config: PushConfig, { host, id, log }: Pick<Context, 'host' | 'id' | 'log'>): Promise<Pusher> {
    const client = new HttpClient({
      url: config.url,
      connections,
      timeoutMs: config.timeout,
      timers: host.timers,
      tls: await readTls(config.tls, host.disk),
      login: { auth: config.auth, clock: host.clock },
    })
    return new Pusher(client, config, host, (version) => {
      log.info(`sink ${id} pushes by remote write ${version === 'v1' ? '1.0' : '2.0'}`)
    })
  }

  /** Concurrent: each list has other series. After a transient failure no further ones begin. Never rejects. */
  async push(chunks: Iterable<readonly Entry[]>, { write, signal, sent }: PushOptions): Promise<Pushed> {
    const deadline = this.#clock.monotonic() + this.#config.timeout
    const source = chunks[Symbol.iterator]()
    const refused: Refused[] = []
    let [accepted, left] = [0, splits]
    let retry: Retry | undefined
    const post = async (entries: readonly Entry[]): Promise<Answer> => {
      if (signal.aborted) return { is: 'retry', reason: 'not sent: the sink is stopping' }
      if (this.#clock.monotonic() > deadline)
        return {
          is: 'retry',
          reason: 'the series were not pushed within `timeout`; raise it, or choose fewer metrics',
        }
      const answer = await this.#post(entries, write, signal)
      if (answer.is === 'retry') sent(entries, 'failed')
      return answer
    }
    const worker = async () => {
      while (retry === undefined) {
        const { done, value } = source.next()
        if (done === true) return
        const failure = await pushIsolated(value, {
          labels: write.labels,
          post,
          accepted: (entries) => {
            accepted += entries.length
            sent(entries, 'accepted')
          },
          refused: (some) => {
            refused.push(...some)
            sent(
              some.map(({ entry }) => entry),
              'refused',
            )
          },
          maySplit: () => left-- > 0,
        })
        retry ??= failure
      }
    }
    await Promise.all(Array.from({ length: connections }, worker))
    return { retry, accepted, refused }
  }

  /** One request of 1.0 with encoded series. Never rejects. */
  async write(series: Uint8Array, signal: AbortSignal): Promise<Answer> {
    try {
      return this.#answer(await this.#request('v1', snappyCompress(series), signal))
    } catch (error) {
      return this.#failure(error)
    }
  }

  async probe(signal: AbortSignal): Promise<Probe> {
    const { url } = this.#config
    const target = withoutSecretsOf(url, url)
    // An empty request has no series.
    const answer = await this.#post([], { labels: {}, at: 0 }, signal)
    if (answer.is === 'accepted')
      return {
        is: 'ok',
        message: `${target}: it accepts an empty request of remote write ${numbers[this.#version]}`,
      }
    if (answer.is === 'refused')
      return {
        is: 'warn',
        message: `${target}: ${answer.status} ${shorten(answer.text)}; it responds, but refuses an empty request`,
      }
    return { is: 'fail', message: answer.reason }
  }

  close(): void {
    this.#client.close()
  }

  async #post(entries: readonly Entry[], write: WriteOptions, signal: AbortSignal): Promise<Answer> {
    const { url, protocol } = this.#config
    const version = this.#version
    try {
      const answer = await this.#request(version, bodyOf(version, entries, write), signal)
      const written = writtenOf(answer)
      if (version === 'v2' && lacksV2(answer.status, written, { isKnown: this.#isV2Known })) {
        if (protocol === 'v2')
          return {
            is: 'retry',
            reason: withoutSecretsOf(
              url,
              `${url}: HTTP ${answer.status} without a count of written samples: the receiver does not support ` +
                'remote write 2.0; set `protocol: auto` or `v1`',
            ),
          }
        this.#isV2Known = false
        this.#setVersion('v1')
        return await this.#post(entries, write, signal)
      }
      if (version === 'v2' && written !== undefined && !this.#isV2Known) {
        this.#isV2Known = true
        this.#onVersion('v2')
      }
      return this.#answer(answer)
    } catch (error) {
      return this.#failure(error)
    }
  }

  #request(version: Version, body: Uint8Array, signal: AbortSignal): Promise<HttpAnswer> {
    const headers = { ...this.#config.headers, ...headersOf(version) }
    return this.#client.request({ method: 'POST', headers, body, limit: answerBytes, truncate: true, signal })
  }

  #answer(answer: HttpAnswer): Answer {
    const outcome = answerOf(answer, this.#clock.now())
    return outcome.is === 'retry' ? this.#retry(outcome, outcome.reason) : outcome
  }

  #failure(error: unknown): Answer {
    return this.#retry({ is: 'retry' }, messageOf(error))
  }

  #retry(outcome: Omit<Retry, 'reason'>, reason: string): Retry {
    const { url } = this.#config
    return { ...outcome, reason: withoutSecretsOf(url, `${url}: ${reason}`) }
  }

  #setVersion(version: Version) {
    if (this.#version === version) return
    this.#version = version
    this.#onVersion(version)
  }
}

const numbers = { v1: '1.0', v2: '2.0' } as const
