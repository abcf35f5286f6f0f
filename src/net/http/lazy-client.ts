import type { Host } from '../../host/index.ts'
import type { Tls } from '../../schema/index.ts'
import { readTls } from '../tls.ts'
import { HttpClient, type HttpAnswer, type HttpRequest } from './client.ts'

type LazyOptions = Readonly<{
  host: Host
  /** Plain http has neither TLS nor a proxy. */
  url: string
  connections: number
  timeoutMs: number
  tls: Tls | null
  env: Readonly<Record<string, string | undefined>>
}>

/** An HTTP client that reads its certificates at the first request, and again after a failure to read them. */
export class LazyClient {
  readonly #options: LazyOptions
  #client: Promise<HttpClient> | undefined

  constructor(options: LazyOptions) {
    this.#options = options
  }

  async request(request: HttpRequest): Promise<HttpAnswer> {
    return (await this.#open()).request(request)
  }

  close(): void {
    this.#client?.then(
      (client) => {
        client.close()
      },
      () => undefined,
    )
    this.#client = undefined
  }

  #open(): Promise<HttpClient> {
    const { host, url, connections, timeoutMs, tls, env } = this.#options
    const isPlain = url.startsWith('http:')
    this.#client ??= readTls(tls, host.disk).then(
      (read) =>
        new HttpClient({
          url,
          connections,
          timeoutMs,
          timers: host.timers,
          tls: isPlain ? undefined : read,
          ...(isPlain ? {} : { proxyEnv: env }),
        }),
    )
    this.#client.catch(() => {
      this.#client = undefined
    })
    return this.#client
  }
}
