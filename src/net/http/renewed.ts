import type { Host } from '../../host/index.ts'
import type { Auth, Secret, Tls } from '../../schema/index.ts'
import { revealSecret } from '../secrets.ts'
import { readTls, type TlsOptions } from '../tls.ts'
import { HttpClient, type HttpAnswer, type HttpRequest } from './client.ts'

type RenewedOptions = Readonly<{
  url: string
  connections: number
  timeoutMs: number
  tls: Tls | null
  auth: Auth
  /** A credential of another scheme than those of `auth`, for example `ApiKey`. */
  key?: Readonly<{ scheme: string; secret: Secret }> | undefined
}>

/** Certificates are renewed under the same names. */
const rereadMs = 30_000

/** An HTTP client that reads its certificates and its key again. */
export class RenewedClient {
  readonly #options: RenewedOptions
  readonly #host: Host
  #http: HttpClient
  #tls: TlsOptions | undefined
  #readAt: number

  private constructor(options: RenewedOptions, host: Host, tls: TlsOptions | undefined) {
    this.#options = options
    this.#host = host
    this.#tls = tls
    this.#readAt = host.clock.monotonic()
    this.#http = this.#connect()
  }

  static async open(options: RenewedOptions, host: Host): Promise<RenewedClient> {
    return new RenewedClient(options, host, await readTls(options.tls, host.disk))
  }

  /** Rejects with HttpError, and with SecretError for credentials that can't be read. */
  async request(request: HttpRequest): Promise<HttpAnswer> {
    await this.#renewTls()
    const { key } = this.#options
    if (key === undefined) return this.#http.request(request)
    const authorization = `${key.scheme} ${revealSecret(key.secret)}`
    return this.#http.request({ ...request, headers: { ...request.headers, authorization } })
  }

  close(): void {
    this.#http.close()
  }

  /** The old certificate is used until the new one is readable. */
  async #renewTls() {
    const now = this.#host.clock.monotonic()
    if (this.#options.tls === null || now - this.#readAt < rereadMs) return
    this.#readAt = now
    const tls = await readTls(this.#options.tls, this.#host.disk).catch(() => this.#tls)
    if (JSON.stringify(tls) === JSON.stringify(this.#tls)) return
    this.#tls = tls
    this.#http.close()
    this.#http = this.#connect()
  }

  #connect(): HttpClient {
    const { url, connections, timeoutMs, auth } = this.#options
    const { timers, clock } = this.#host
    return new HttpClient({ url, connections, timeoutMs, timers, tls: this.#tls, login: { auth, clock } })
  }
}
