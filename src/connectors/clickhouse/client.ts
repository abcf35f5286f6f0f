import { promisify } from 'node:util'
import { gzip, zstdCompress } from 'node:zlib'
import { readRows } from '../../codecs/clickhouse-native/index.ts'
import type { Context } from '../../engine/contracts.ts'
import { withoutSecretsOf } from '../../model/url-text.ts'
import { HttpClient, type HttpAnswer } from '../../net/http/client.ts'
import { readTls } from '../../net/tls.ts'
import { ClickHouseError } from './client-errors.ts'
import type { ClickHouseConfig } from './config.ts'

const shownBytes = 600
/** Rows of system tables, and positions of one insert. */
const maxAnswer = 64 * 1024 * 1024

const coders = { zstd: promisify(zstdCompress), gzip: promisify(gzip) } as const

export type Settings = Readonly<Record<string, string | number>>

export interface Insert {
  readonly statement: string
  readonly settings: Settings
  readonly body: Uint8Array
}

/** Statements over HTTP. Methods reject with ClickHouseError for exceptions of the server, else with another Error. */
export class ClickHouseClient {
  readonly #http: HttpClient
  readonly #config: ClickHouseConfig
  readonly #headers: Readonly<Record<string, string>>
  /** Without credentials. */
  readonly place: string

  private constructor(http: HttpClient, config: ClickHouseConfig) {
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

  static async open(config: ClickHouseConfig, { host }: Pick<Context, 'host'>): Promise<ClickHouseClient> {
    const auth = config.auth.type === 'certificate' ? ({ type: 'none' } as const) : config.auth
    const http = new HttpClient({
      url: config.url,
      connections: 2,
      timeoutMs: config.timeout,
      timers: host.timers,
      tls: await readTls(config.tls, host.disk),
      login: { auth, clock: host.clock },
    })
    return new ClickHouseClient(http, config)
  }

  /** A statement without rows. Not bound to the database, which may be missing. */
  async run(statement: string, signal: AbortSignal): Promise<void> {
    await this.#post({ query: statement }, new Uint8Array(0), {}, signal)
  }

  /** Rows of a SELECT without FORMAT. */
  async rows<Row>(statement: string, signal: AbortSignal): Promise<Row[]> {
    const { body } = await this.#post({ query: `${statement} FORMAT Native` }, new Uint8Array(0), {}, signal)
    return readRows<Row>(body)
  }

  async insert({ statement, settings, body }: Insert, signal: AbortSignal): Promise<void> {
    const { compression } = this.#config
    const encoded = compression === 'none' ? body : await coders[compression](body)
    const coding: Record<string, string> = compression === 'none' ? {} : { 'content-encoding': compression }
    await this.#post({ query: statement, ...settings }, encoded, coding, signal)
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
    const query = new URLSearchParams(
      Object.entries(parameters).map(([name, value]): [string, string] => [name, String(value)]),
    )
    const url = new URL(this.#config.url)
    const answer = await this.#http.request({
      method: 'POST',
      to: `${url.pathname}?${query.toString()}`,
      headers: { ...this.#headers, ...headers },
      body,
      limit: maxAnswer,
      signal,
    })
    const { status, headers: received } = answer
    const code = Number(received['x-clickhouse-exception-code'] ?? Number.NaN)
    if (status === 200 && Number.isNaN(code)) return answer
    throw exceptionOf(answer, code)
  }
}

/** Also for servers before the header, and for proxies. */
function exceptionOf({ status, body }: HttpAnswer, code: number): Error {
  const text = Buffer.from(body.subarray(0, shownBytes))
    .toString()
    .replaceAll(/[\s\p{Cc}\ufffd]+/gu, ' ')
    .trim()
  const found = /^Code: (\d+)[.,]\s*(?:e\.displayText\(\) = )?(?:DB::Exception: )?(.*)$/s.exec(text)
  const number = Number.isNaN(code) ? Number(found?.[1] ?? Number.NaN) : code
  if (!Number.isNaN(number)) return new ClickHouseError(number, found?.[2] ?? text)
  if (text.includes('clickhouse-client'))
    return new Error(
      `the port speaks ClickHouse's native protocol; set \`url\` to the HTTP port, usually 8123: ${text}`,
    )
  if (status === 401 || status === 403)
    return new Error(`HTTP ${status}: ${text}: the login is rejected; correct \`auth\``)
  if (status >= 300 && status < 400) return new Error(`HTTP ${status}: redirects are not followed; correct \`url\``)
  return new Error(`HTTP ${status}${text === '' ? '' : `: ${text}`}; check that \`url\` is ClickHouse's HTTP interface`)
}
