import { promisify } from 'node:util'
import { gzip, zstdCompress } from 'node:zlib'
import { readRows } from '../../codecs/clickhouse-native/index.ts'
import type { Host } from '../../host/index.ts'
import { withoutSecretsOf } from '../../model/url-text.ts'
import type { clickhouseFields, ValuesOf } from '../../schema/index.ts'
import { HttpClient, type HttpAnswer, type HttpStream } from '../http/client.ts'
import { readTls } from '../tls.ts'
import { ClickHouseError } from './errors.ts'

const shownBytes = 600
/** Rows of system tables, and positions of one insert. */
const maxAnswer = 64 * 1024 * 1024

const coders = { zstd: promisify(zstdCompress), gzip: promisify(gzip) } as const

type ClickHouseServer = Pick<
  ValuesOf<typeof clickhouseFields>,
  'url' | 'auth' | 'tls' | 'headers' | 'timeout' | 'compression'
> & { readonly database: string }

export type Settings = Readonly<Record<string, string | number>>

type Insert = Readonly<{
  statement: string
  settings: Settings
  body: Uint8Array
}>

export class ClickHouseClient {
  readonly #http: HttpClient
  readonly #config: ClickHouseServer
  readonly #headers: Readonly<Record<string, string>>
  /** Without credentials. */
  readonly place: string

  private constructor(http: HttpClient, config: ClickHouseServer) {
    this.#http = http
    this.#config = config
    this.place = `${withoutSecretsOf(config.url, config.url)} (database ${config.database})`
    this.#headers = {
      ...config.headers,
      ...(config.auth.type === 'certificate'
        ? { 'x-clickhouse-user': config.auth.user, 'x-clickhouse-ssl-certificate-auth': 'on' }
        : {}),
    }
  }

  static async open(config: ClickHouseServer, { host }: { host: Host }, connections = 2): Promise<ClickHouseClient> {
    const auth = config.auth.type === 'certificate' ? ({ type: 'none' } as const) : config.auth
    const http = new HttpClient({
      url: config.url,
      connections,
      timeoutMs: config.timeout,
      timers: host.timers,
      tls: await readTls(config.tls, host.disk),
      login: { auth, clock: host.clock },
    })
    return new ClickHouseClient(http, config)
  }

  async run(statement: string, signal: AbortSignal): Promise<void> {
    // A URL is limited to 16 KiB by some proxies.
    await this.#post({}, Buffer.from(statement), {}, signal)
  }

  async rows<Row>(statement: string, signal: AbortSignal): Promise<Row[]> {
    const answer = await this.#post({ query: `${statement} FORMAT Native` }, new Uint8Array(0), {}, signal)
    try {
      return readRows<Row>(answer.body)
    } catch {
      throw exceptionOf(answer, this.#config.url)
    }
  }

  async insert({ statement, settings, body }: Insert, signal: AbortSignal): Promise<void> {
    const { compression } = this.#config
    const encoded = compression === 'none' ? body : await coders[compression](body)
    const coding: Record<string, string> = compression === 'none' ? {} : { 'content-encoding': compression }
    const answer = await this.#post({ query: statement, ...settings }, encoded, coding, signal)
    // An insert has an empty response. A body is an exception after the headers, or the page of a proxy.
    if (answer.body.length > 0) throw exceptionOf(answer, this.#config.url)
  }

  /** `parameters`: settings, and `default_format`. The deadline applies until the first byte. */
  async stream(statement: string, parameters: Settings, signal: AbortSignal): Promise<HttpStream> {
    const answer = await this.#http.open({ ...this.#request(parameters, Buffer.from(statement), {}), signal })
    if (answer.status === 200 && answer.headers['x-clickhouse-exception-code'] === undefined) return answer
    const chunks: Uint8Array[] = []
    let bytes = 0
    for await (const chunk of answer.body) {
      chunks.push(chunk)
      if ((bytes += chunk.length) > shownBytes) break
    }
    throw exceptionOf({ ...answer, body: Buffer.concat(chunks) }, this.#config.url)
  }

  close(): void {
    this.#http.close()
  }

  async #post(
    parameters: Settings,
    body: Uint8Array,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const answer = await this.#http.request({ ...this.#request(parameters, body, headers), limit: maxAnswer, signal })
    if (answer.status === 200 && answer.headers['x-clickhouse-exception-code'] === undefined) return answer
    throw exceptionOf(answer, this.#config.url)
  }

  #request(parameters: Settings, body: Uint8Array, headers: Readonly<Record<string, string>>) {
    const query = new URLSearchParams(
      Object.entries(parameters).map(([name, value]): [string, string] => [name, String(value)]),
    )
    return {
      method: 'POST' as const,
      to: `${new URL(this.#config.url).pathname}?${query.toString()}`,
      headers: { ...this.#headers, ...headers },
      body,
    }
  }
}

/** Also for servers before the header, and for proxies. */
function exceptionOf({ status, headers, body }: HttpAnswer, url: string): Error {
  const code = Number(headers['x-clickhouse-exception-code'] ?? Number.NaN)
  const shown = Buffer.from(body.subarray(0, shownBytes))
    .toString()
    .replaceAll(/[\s\p{Cc}\ufffd]+/gu, ' ')
    .trim()
  const text = withoutSecretsOf(url, shown)
  const match = /^Code: (\d+)[.,]\s*(?:e\.displayText\(\) = )?(?:DB::Exception: )?(.*)$/s.exec(text)
  const number = Number.isNaN(code) ? Number(match?.[1] ?? Number.NaN) : code
  if (!Number.isNaN(number)) return new ClickHouseError(number, match?.[2] ?? text)
  if (text.includes('clickhouse-client'))
    return new Error(
      `the port speaks ClickHouse's native protocol; set \`url\` to the HTTP port, usually 8123: ${text}`,
    )
  if (status === 401 || status === 403)
    return new Error(`HTTP ${status}: ${text}: the login is rejected; correct \`auth\``)
  if (status >= 300 && status < 400) return new Error(`HTTP ${status}: redirects are not followed; correct \`url\``)
  return new Error(`HTTP ${status}${text === '' ? '' : `: ${text}`}; check that \`url\` is ClickHouse's HTTP interface`)
}
