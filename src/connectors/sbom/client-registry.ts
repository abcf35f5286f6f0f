/** The pull side of an OCI registry: manifests, referrers and blobs of a repository. */
import { createHash } from 'node:crypto'
import type { Host } from '../../host/index.ts'
import { messageOf } from '../../model/errors.ts'
import { isRecord, type Fields } from '../../model/json.ts'
import { HttpError, type HttpAnswer, type HttpClient } from '../../net/http/client.ts'
import { retryAfterMs } from '../../net/http/retry-after.ts'
import type { RegistryLogin } from './client-login.ts'
import { Failed, type Failure } from './map-failure.ts'
import { manifestTypes, nextPage, referrersTag, type Place } from './map-registry.ts'

const maxManifest = 4 << 20
const maxPages = 50
const redirects = 5

export type RegistryOptions = Readonly<{
  http: HttpClient
  login: RegistryLogin
  host: Pick<Host, 'clock'>
  /** Called for each failed request. */
  onFailure: (reason: Failure) => void
}>

export type Manifest = Readonly<{
  digest: string
  body: Fields
  /** To be sent as `If-None-Match`. */
  etag: string | undefined
}>

export type Referrers = Readonly<{
  /** Descriptors, from all pages. */
  list: readonly unknown[]
  etag: string | undefined
}>

export class Registry {
  readonly #options: RegistryOptions

  constructor(options: RegistryOptions) {
    this.#options = options
  }

  /** Undefined: it does not exist. Rejects with {@link Failed}. */
  async manifest(location: Place, signal: AbortSignal): Promise<Manifest | undefined> {
    const { name, reference } = location
    const answer = await this.#get(name, `/v2/${name}/manifests/${reference}`, { accept: manifestTypes, signal })
    if (answer.status === 404) return undefined
    const digest = digestOf(answer.body)
    if (reference.startsWith('sha256:') && reference !== digest)
      throw this.#failed('digest', `the manifest ${name}@${reference} has another digest: ${digest}`)
    return { digest, body: this.#json(answer, `${name}:${reference}`), etag: answer.headers['etag'] }
  }

  /**
   * Manifests that refer to the digest, from the referrers API, or from the fallback tag of registries without it.
   * Undefined: not changed since `etag`.
   */
  async referrers(name: string, digest: string, etag: string, signal: AbortSignal): Promise<Referrers | undefined> {
    const first = `/v2/${name}/referrers/${digest}`
    const list: unknown[] = []
    let newEtag: string | undefined
    for (let [to, pages]: [string | undefined, number] = [first, 0]; to !== undefined; pages++) {
      if (pages === maxPages) throw this.#failed('malformed', `the referrers of ${name}@${digest} have no last page`)
      const conditional = pages === 0 && etag !== '' ? { etag } : {}
      const answer: HttpAnswer = await this.#get(name, to, { accept: manifestTypes, signal, ...conditional })
      if (answer.status === 304) return undefined
      if (answer.status === 404) {
        if (pages > 0) throw this.#failed('not_found', `a page of the referrers of ${name}@${digest} does not exist`)
        return this.#byTag(name, digest, etag, signal)
      }
      list.push(...this.#manifestsOf(this.#json(answer, `the referrers of ${name}@${digest}`), name))
      const page = nextPage(answer.headers['link'], to)
      if (page === 'foreign') throw this.#failed('malformed', `the next page of ${name}@${digest} is elsewhere`)
      // The tag of one page says nothing about the others.
      newEtag = pages === 0 && page === undefined ? answer.headers['etag'] : undefined
      to = page
    }
    return { list, etag: newEtag }
  }

  /** The bytes of a layer. Rejects if it is missing, too large, or not what the digest states. */
  async blob(name: string, digest: string, limit: number, signal: AbortSignal): Promise<Uint8Array> {
    const to = `/v2/${name}/blobs/${digest}`
    const answer = await this.#get(name, to, { accept: '*/*', signal, limit })
    if (answer.status === 404) throw this.#failed('not_found', `the blob ${name}@${digest} does not exist`)
    if (digestOf(answer.body) !== digest) throw this.#failed('digest', `the blob ${name}@${digest} has another digest`)
    return answer.body
  }

  async #byTag(name: string, digest: string, etag: string, signal: AbortSignal): Promise<Referrers | undefined> {
    const to = `/v2/${name}/manifests/${referrersTag(digest)}`
    const answer = await this.#get(name, to, { accept: manifestTypes, signal, ...(etag === '' ? {} : { etag }) })
    if (answer.status === 304) return undefined
    if (answer.status === 404) return { list: [], etag: undefined }
    const body = this.#json(answer, `the referrers of ${name}@${digest}`)
    return { list: this.#manifestsOf(body, name), etag: answer.headers['etag'] }
  }

  #manifestsOf(index: Fields, name: string): readonly unknown[] {
    const { manifests } = index
    if (Array.isArray(manifests)) return manifests as unknown[]
    throw this.#failed('malformed', `a list of referrers in ${name} has no manifests`)
  }

  #json({ body }: HttpAnswer, what: string): Fields {
    try {
      const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
      if (isRecord(parsed)) return parsed
    } catch {
      // Reported below.
    }
    throw this.#failed('malformed', `${what}: the response is no JSON object`)
  }

  /** Resolves with status 200, 304 or 404. */
  async #get(
    name: string,
    to: string,
    given: Readonly<{ accept: string; signal: AbortSignal; limit?: number; etag?: string }>,
  ): Promise<HttpAnswer> {
    const { http, login, host } = this.#options
    const { accept, signal, limit = maxManifest, etag } = given
    let answer: HttpAnswer
    try {
      const request = async (authorization: string | undefined): Promise<HttpAnswer> =>
        http.request({
          to,
          headers: { accept, ...(authorization === undefined ? {} : { authorization }) },
          limit,
          redirects,
          ...(etag === undefined ? {} : { etag }),
          signal,
        })
      answer = await request(login.current(name))
      if (answer.status === 401) {
        const authorization = await login.renew(name, answer.headers['www-authenticate'], signal)
        if (authorization !== undefined) answer = await request(authorization)
      }
    } catch (error) {
      if (error instanceof Failed) throw this.#failed(error.reason, error.message, error.afterMs)
      if (!(error instanceof HttpError)) throw this.#failed('unauthorized', messageOf(error))
      throw this.#failed(error.kind === 'encoding' ? 'malformed' : error.kind, error.message)
    }
    const { status, headers } = answer
    if (status === 200 || status === 304 || status === 404) return answer
    const text = `${to}: status ${status}`
    if (status === 401 || status === 403) throw this.#failed('unauthorized', text)
    const afterMs = retryAfterMs(headers['retry-after'], host.clock.now(), 3_600_000)
    throw this.#failed(status === 429 ? 'rate_limited' : 'status', text, afterMs)
  }

  #failed(reason: Failure, message: string, afterMs?: number): Failed {
    if (reason !== 'aborted') this.#options.onFailure(reason)
    return new Failed(reason, message, afterMs)
  }
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
