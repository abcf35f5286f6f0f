import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Context, Probe } from '../../engine/contracts.ts'
import { messageOf } from '../../model/errors.ts'
import { withoutSecretsOf } from '../../model/url-text.ts'
import { RenewedClient } from '../../net/http/renewed.ts'
import type { InfluxdbConfig } from './config.ts'
import { shownBytes, writeAnswer, type WriteAnswer } from './map-answer.ts'

const compress = promisify(gzip)
const connections = 2
const shown = { limit: shownBytes, truncate: true } as const

export class InfluxClient {
  readonly #http: RenewedClient
  readonly #config: InfluxdbConfig
  readonly #context: Context
  readonly #base: string
  readonly #writeUrl: string

  private constructor(http: RenewedClient, config: InfluxdbConfig, context: Context) {
    this.#http = http
    this.#config = config
    this.#context = context
    this.#base = config.url.replace(/\/+$/, '')
    this.#writeUrl = this.#base + writePath(config)
  }

  static async open(config: InfluxdbConfig, context: Context): Promise<InfluxClient> {
    const { url, timeout, tls, auth, token } = config
    const login = token === null ? {} : { key: { scheme: 'Token', secret: token } }
    const options = { url, connections, timeoutMs: timeout, tls, auth, ...login }
    return new InfluxClient(await RenewedClient.open(options, context.host), config, context)
  }

  get url(): string {
    return this.#writeUrl
  }

  /** Never rejects: failures below HTTP are transient. */
  async write(lines: readonly Uint8Array[], signal: AbortSignal): Promise<WriteAnswer> {
    try {
      const plain = Buffer.concat(lines)
      const isCompressed = this.#config.compression === 'gzip'
      const body = isCompressed ? await compress(plain, { level: 1 }) : plain
      const coding = isCompressed ? { 'content-encoding': 'gzip' } : {}
      const headers = { 'content-type': 'text/plain; charset=utf-8', ...coding }
      const answer = await this.#http.request({
        method: 'POST',
        to: this.#writeUrl,
        headers,
        body,
        ...shown,
        signal,
      })
      const result = writeAnswer(answer, lines.length, this.#context.host.clock.now())
      const cleaned = <T extends { reason: string }>(failure: T): T => ({
        ...failure,
        reason: this.#clean(`${this.#base}: ${failure.reason}`),
      })
      if (result === undefined) return undefined
      return result.is === 'items' ? { ...result, items: result.items.map(cleaned) } : cleaned(result)
    } catch (error) {
      return { is: 'retry', reason: this.#clean(`${this.#base}: ${messageOf(error)}`) }
    }
  }

  /** An empty write checks login and bucket; some servers refuse it as such. */
  async probe(signal: AbortSignal): Promise<Probe> {
    const outcome = await this.write([], signal)
    if (outcome?.is === 'retry') return { is: 'fail', message: outcome.reason }
    return { is: 'ok', message: this.#clean(`${this.#base}: the write API responds`) }
  }

  close(): void {
    this.#http.close()
  }

  #clean(text: string) {
    return withoutSecretsOf(this.#config.url, text)
  }
}

function writePath({ api, bucket, org, retention_policy: policy }: InfluxdbConfig): string {
  const query =
    api === 'v1'
      ? { db: bucket, ...(policy === null ? {} : { rp: policy }), precision: 'n' }
      : { ...(org === null ? {} : { org }), bucket, precision: 'ns' }
  return `${api === 'v1' ? '/write' : '/api/v2/write'}?${new URLSearchParams(query).toString()}`
}
