import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Context, Probe } from '../../engine/contracts.ts'
import type { HalvesAnswer } from '../../engine/delivery/in-halves.ts'
import { messageOf } from '../../model/errors.ts'
import { fieldsOf } from '../../model/json.ts'
import { withoutSecretsOf } from '../../model/url-text.ts'
import type { HttpAnswer, HttpRequest } from '../../net/http/client.ts'
import { RenewedClient } from '../../net/http/renewed.ts'
import type { ElasticsearchConfig } from './config.ts'
import { bulkAnswer, remedies } from './map-answer.ts'
import { templatePattern } from './map-index.ts'

const compress = promisify(gzip)
const connections = 2
const answerBytes = 64 * 1024 * 1024
const wanted = [
  'errors',
  ...['status', 'error.type', 'error.reason', 'error.caused_by'].map((name) => `items.*.${name}`),
]

export class SearchClient {
  readonly #http: RenewedClient
  readonly #config: ElasticsearchConfig
  readonly #context: Context
  readonly #base: string
  #hasTemplate = false

  private constructor(http: RenewedClient, config: ElasticsearchConfig, context: Context) {
    this.#http = http
    this.#config = config
    this.#context = context
    this.#base = config.url.replace(/\/+$/, '')
  }

  static async open(config: ElasticsearchConfig, context: Context): Promise<SearchClient> {
    const { url, timeout, tls, auth, api_key: key } = config
    const login = key === null ? {} : { key: { scheme: 'ApiKey', secret: key } }
    const options = { url, connections, timeoutMs: timeout, tls, auth, ...login }
    return new SearchClient(await RenewedClient.open(options, context.host), config, context)
  }

  get url(): string {
    return this.#base
  }

  /** Never rejects: failures below HTTP are transient. */
  async bulk(lines: readonly Uint8Array[], signal: AbortSignal): Promise<HalvesAnswer> {
    try {
      await this.#template(signal)
      const plain = Buffer.concat(lines)
      const isCompressed = this.#config.compression === 'gzip'
      const answer = await this.#request(`/_bulk?filter_path=${wanted.join(',')}`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-ndjson', ...(isCompressed ? { 'content-encoding': 'gzip' } : {}) },
        body: isCompressed ? await compress(plain, { level: 1 }) : plain,
        signal,
      })
      const result = bulkAnswer(answer, lines.length, this.#context.host.clock.now())
      return result.is === 'items' ? result : { ...result, reason: this.#clean(`${this.#base}: ${result.reason}`) }
    } catch (error) {
      return { is: 'retry', reason: this.#clean(`${this.#base}: ${messageOf(error)}`) }
    }
  }

  async probe(signal: AbortSignal): Promise<Probe> {
    try {
      const { status, body } = await this.#request('/', { signal })
      // Without the right to monitor, a user may still write.
      if (status === 403)
        return { is: 'warn', message: `${this.#base}: HTTP 403: the version is hidden from this user` }
      if (status !== 200) {
        const remedy = remedies[status]
        const hint = remedy === undefined ? '' : `: ${remedy}`
        return { is: 'fail', message: this.#clean(`${this.#base}: HTTP ${status}${hint}`) }
      }
      const { version } = fieldsOf(JSON.parse(Buffer.from(body).toString()))
      const { number = '', distribution = 'elasticsearch' } = fieldsOf(version)
      return { is: 'ok', message: this.#clean(`${this.#base}: ${String(distribution)} ${String(number)}`) }
    } catch (error) {
      return { is: 'fail', message: this.#clean(`${this.#base}: ${messageOf(error)}`) }
    }
  }

  close(): void {
    this.#http.close()
  }

  /** A data stream is created by its first document, if a template matches. */
  async #template(signal: AbortSignal) {
    const { data_stream: isStream, template, index } = this.#config
    if (!isStream || !template || this.#hasTemplate) return
    const path = `/_index_template/weir-${encodeURIComponent(this.#context.id)}`
    const { status } = await this.#request(path, { signal })
    if (status === 404) {
      const body = Buffer.from(JSON.stringify(templateOf(templatePattern(index))))
      const headers = { 'content-type': 'application/json' }
      const made = await this.#request(path, { method: 'PUT', headers, body, signal })
      const text = Buffer.from(made.body).toString().slice(0, 200)
      if (made.status !== 200)
        throw new Error(
          `the index template can't be created (HTTP ${made.status}: ${text}); ` +
            'correct the rights of the user, or create it and set `template: false`',
        )
    } else if (status !== 200)
      throw new Error(
        `the index template can't be read: HTTP ${status}; correct the rights, or set \`template: false\``,
      )
    this.#hasTemplate = true
  }

  #request(path: string, request: Omit<HttpRequest, 'limit'>): Promise<HttpAnswer> {
    const headers = { ...this.#config.headers, ...request.headers }
    return this.#http.request({ ...request, to: this.#base + path, headers, limit: answerBytes })
  }

  #clean(text: string) {
    return withoutSecretsOf(this.#config.url, text)
  }
}

/** Texts are keywords: names and ids are searched as a whole. */
function templateOf(pattern: string) {
  return {
    index_patterns: [pattern],
    data_stream: {},
    priority: 200,
    template: {
      mappings: {
        properties: { '@timestamp': { type: 'date' } },
        dynamic_templates: [
          { texts: { match_mapping_type: 'string', mapping: { type: 'keyword', ignore_above: 8191 } } },
        ],
      },
    },
    _meta: { managed_by: 'weir' },
  }
}
