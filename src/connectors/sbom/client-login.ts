/** Tokens of a registry: it names their server in the challenge of a 401, as docs of the distribution project state. */
import type { Host } from '../../host/index.ts'
import { fieldsOf, textOf } from '../../model/json.ts'
import { HttpClient, type HttpClientOptions } from '../../net/http/client.ts'
import { authorization } from '../../net/secrets.ts'
import type { Auth } from '../../schema/index.ts'
import { challengesOf } from './map-challenge.ts'
import { Failed } from './map-failure.ts'

const maxToken = 256 * 1024
/** A token without `expires_in` is valid for a minute. */
const [shortestMs, marginMs] = [60_000, 5000]

type LoginOptions = Readonly<{
  auth: Auth
  host: Pick<Host, 'clock'>
  /** Options of clients for token servers. */
  http: Omit<HttpClientOptions, 'url' | 'login'>
  registry: URL
}>

export class RegistryLogin {
  readonly #options: LoginOptions
  readonly #tokens = new Map<string, Readonly<{ header: string; until: number }>>()
  readonly #clients = new Map<string, HttpClient>()
  /** The registry accepts the credentials themselves. */
  #isBasic = false

  constructor(options: LoginOptions) {
    this.#options = options
  }

  /** For requests to a repository. Throws SecretError. */
  current(name: string): string | undefined {
    const { auth, host } = this.#options
    if (auth.type === 'bearer' || (auth.type === 'basic' && this.#isBasic)) return authorization(auth)
    const token = this.#tokens.get(name)
    return token !== undefined && token.until > host.clock.monotonic() ? token.header : undefined
  }

  /** Undefined: there is nothing else to try. Rejects with {@link Failed} or HttpError. */
  async renew(name: string, challenge: string | undefined, signal: AbortSignal): Promise<string | undefined> {
    const { auth } = this.#options
    this.#tokens.delete(name)
    const challenges = challengesOf(challenge ?? '')
    const { realm, service } = challenges.get('bearer') ?? {}
    if (auth.type === 'bearer') return undefined
    if (realm !== undefined) return this.#fetch(name, realm, service, signal)
    if (!challenges.has('basic') || auth.type !== 'basic' || this.#isBasic) return undefined
    this.#isBasic = true
    return authorization(auth)
  }

  close(): void {
    for (const client of this.#clients.values()) client.close()
  }

  async #fetch(name: string, realm: string, service: string | undefined, signal: AbortSignal): Promise<string> {
    const { auth, host, registry } = this.#options
    const url = URL.parse(realm, registry.href)
    if (url === null || !(url.protocol === 'https:' || (url.protocol === 'http:' && registry.protocol === 'http:')))
      throw new Failed('unauthorized', 'the registry names a token server without TLS; no credentials are sent to it')
    if (service !== undefined) url.searchParams.set('service', service)
    url.searchParams.set('scope', `repository:${name}:pull`)
    const header = authorization(auth)
    const { status, body } = await this.#client(url).request({
      to: `${url.pathname}${url.search}`,
      headers: { accept: 'application/json', ...(header === undefined ? {} : { authorization: header }) },
      limit: maxToken,
      signal,
    })
    if (status !== 200) throw new Failed('unauthorized', `${url.origin}: the token server responds with ${status}`)
    const { token, access_token: otherValue, expires_in: seconds } = responseOf(body)
    const value = textOf(token) ?? textOf(otherValue)
    if (value === undefined) throw new Failed('unauthorized', `${url.origin}: the token server sends no token`)
    const ms = typeof seconds === 'number' ? seconds * 1000 : shortestMs
    this.#tokens.set(name, { header: `Bearer ${value}`, until: host.clock.monotonic() + ms - marginMs })
    return `Bearer ${value}`
  }

  #client({ origin }: URL): HttpClient {
    const httpClient = this.#clients.get(origin) ?? new HttpClient({ ...this.#options.http, url: origin })
    this.#clients.set(origin, httpClient)
    return httpClient
  }
}

function responseOf(body: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    return fieldsOf(JSON.parse(new TextDecoder().decode(body)))
  } catch {
    return {}
  }
}
