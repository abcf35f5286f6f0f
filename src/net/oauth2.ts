/** Access tokens by the client credentials grant (RFC 6749, section 4.4). */
import type { Host } from '../host/index.ts'
import type { Secret } from '../schema/values.ts'
import { HttpClient } from './http/client.ts'
import { revealSecret } from './secrets.ts'
import { withoutUndefined } from '../model/json.ts'
import type { TlsOptions } from './tls.ts'

export type OAuth2Settings = Readonly<{
  token_url: string
  client_id: string
  client_secret: Secret
  scope: string | null
}>

type OAuth2Options = Readonly<{
  host: Pick<Host, 'clock' | 'timers'>
  timeoutMs: number
  tls: TlsOptions | undefined
  proxyEnv: Readonly<Record<string, string | undefined>> | undefined
}>

const maxBytes = 64 * 1024
/** A token is renewed this long before its end. */
const renewMs = 30_000
const defaultLifeMs = 300_000

export class OAuth2Tokens {
  readonly #settings: OAuth2Settings
  readonly #options: OAuth2Options
  readonly #client: HttpClient
  #token: Readonly<{ text: string; until: number }> | undefined

  constructor(settings: OAuth2Settings, options: OAuth2Options) {
    this.#settings = settings
    this.#options = options
    const { host, timeoutMs, tls, proxyEnv } = options
    this.#client = new HttpClient({
      url: settings.token_url,
      connections: 1,
      timeoutMs,
      timers: host.timers,
      tls: settings.token_url.startsWith('https:') ? tls : undefined,
      ...withoutUndefined({ proxyEnv }),
    })
  }

  /** The value of the `Authorization` header. Rejects with the reason, without secrets. */
  async header(signal: AbortSignal): Promise<string> {
    const now = this.#options.host.clock.monotonic()
    if (this.#token === undefined || now >= this.#token.until) this.#token = await this.#request(now, signal)
    return `Bearer ${this.#token.text}`
  }

  expire(): void {
    this.#token = undefined
  }

  close(): void {
    this.#client.close()
  }

  async #request(now: number, signal: AbortSignal): Promise<Readonly<{ text: string; until: number }>> {
    const { client_id: id, client_secret: secret, scope } = this.#settings
    const login = `${encodeURIComponent(id)}:${encodeURIComponent(revealSecret(secret))}`
    const { status, body } = await this.#client.request({
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
        authorization: `Basic ${Buffer.from(login).toString('base64')}`,
      },
      body: Buffer.from(
        new URLSearchParams({ grant_type: 'client_credentials', ...(scope === null ? {} : { scope }) }).toString(),
      ),
      limit: maxBytes,
      signal,
    })
    const { access_token: text, expires_in: seconds, error } = contentOf(body)
    if (status !== 200 || typeof text !== 'string')
      throw new Error(
        `the token server responded HTTP ${status}${typeof error === 'string' ? ` (${error.slice(0, 100)})` : ''}`,
      )
    const lifeMs = typeof seconds === 'number' ? seconds * 1000 : defaultLifeMs
    return { text, until: now + Math.max(lifeMs - renewMs, lifeMs / 2) }
  }
}

function contentOf(body: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(new TextDecoder().decode(body)) as Readonly<Record<string, unknown>>
  } catch {
    return {}
  }
}
