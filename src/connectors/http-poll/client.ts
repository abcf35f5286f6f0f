import type { SourceContext } from '../../engine/contracts.ts'
import { self } from '../../host/process.ts'
import { messageOf } from '../../model/errors.ts'
import { withoutUrlSecrets } from '../../model/url-text.ts'
import { HttpClient, HttpError, type HttpAnswer } from '../../net/http/client.ts'
import { isLoopback } from '../../net/http/loopback.ts'
import { retryAfterMs } from '../../net/http/retry-after.ts'
import { OAuth2Tokens } from '../../net/oauth2.ts'
import { revealSecret } from '../../net/secrets.ts'
import type { TlsOptions } from '../../net/tls.ts'
import { withoutUndefined } from '../../model/json.ts'
import { PollError } from '../../polling/poll-error.ts'
import type { HttpPollConfig } from './config.ts'
import { addressOf, type PollState } from './map.ts'

const redirects = 5
const maxRetryAfterMs = 60 * 60_000

export class PollClient {
  readonly #config: HttpPollConfig
  readonly #context: Pick<SourceContext, 'host' | 'id' | 'metrics'>
  readonly #http: HttpClient
  readonly #tokens: OAuth2Tokens | undefined

  constructor(
    config: HttpPollConfig,
    context: Pick<SourceContext, 'host' | 'id' | 'metrics'>,
    tls: TlsOptions | undefined,
  ) {
    this.#config = config
    this.#context = context
    const { url, timeout: timeoutMs, auth, oauth2 } = config
    const { timers, clock } = context.host
    const proxyEnv = isLoopback(url) ? undefined : self.env
    this.#http = new HttpClient({
      url,
      connections: 1,
      timeoutMs,
      timers,
      tls,
      ...(auth.type === 'none' ? {} : { login: { auth, clock } }),
      ...withoutUndefined({ proxyEnv }),
    })
    if (oauth2 !== null) this.#tokens = new OAuth2Tokens(oauth2, { host: context.host, timeoutMs, tls, proxyEnv })
  }

  close(): void {
    this.#http.close()
    this.#tokens?.close()
  }

  /** One page. Undefined: not modified. Rejects with PollError. */
  async page(state: PollState, signal: AbortSignal): Promise<HttpAnswer | undefined> {
    const { url, query, headers, max_body: limit } = this.#config
    const to = addressOf(this.#config, state, url)
    if (to.origin !== new URL(url).origin) throw new PollError(`the next page is at another server, ${to.origin}`)
    const isFirst = state.next === undefined
    for (const [name, secret] of Object.entries(query)) to.searchParams.set(name, revealSecret(secret))
    let answer: HttpAnswer
    try {
      const token = await this.#tokens?.header(signal)
      answer = await this.#http.request({
        to: to.href,
        headers: {
          ...headers,
          ...withoutUndefined({ authorization: token }),
          ...(isFirst ? withoutUndefined({ 'if-modified-since': state.modified }) : {}),
        },
        limit,
        redirects,
        ...(isFirst ? withoutUndefined({ etag: state.etag }) : {}),
        signal,
      })
    } catch (error) {
      throw this.#failure('failed', error instanceof HttpError ? withoutUrlSecrets(error.message) : messageOf(error), 0)
    }
    const { status } = answer
    if (status === 304 && isFirst) {
      this.#count('not_modified')
      return undefined
    }
    if (status === 200 || status === 204) {
      this.#count('ok')
      return answer
    }
    if (status === 401) this.#tokens?.expire()
    const afterMs = retryAfterMs(answer.headers['retry-after'], this.#context.host.clock.now(), maxRetryAfterMs) ?? 0
    throw this.#failure(status === 429 ? 'limited' : 'failed', `the server responded HTTP ${status}`, afterMs)
  }

  #failure(outcome: 'limited' | 'failed', message: string, afterMs: number) {
    this.#count(outcome)
    return new PollError(message, { afterMs })
  }

  #count(outcome: string) {
    this.#context.metrics.count('weir_http_poll_requests_total', 1, { source: this.#context.id, outcome })
  }
}
