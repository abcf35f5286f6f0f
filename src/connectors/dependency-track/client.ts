import type { Context, Probe } from '../../engine/contracts.ts'
import type { Attempt } from '../../engine/delivery/in-order.ts'
import type { Host } from '../../host/index.ts'
import { messageOf } from '../../model/errors.ts'
import { fieldsOf, isRecord } from '../../model/json.ts'
import { withoutSecretsOf } from '../../model/url-text.ts'
import { HttpClient, HttpError } from '../../net/http/client.ts'
import { readTls } from '../../net/tls.ts'
import type { DependencyTrackConfig } from './config.ts'
import { failureOf, shownBytes, type Upload } from './map.ts'

const pollMs = 1000
const maxAnswer = 4 * 1024 * 1024

type Calls = Readonly<{ key: string; signal: AbortSignal }>

class Failed extends Error {
  readonly attempt: Attempt

  constructor(attempt: NonNullable<Attempt>) {
    super(attempt.reason)
    this.attempt = attempt
  }
}

export class DependencyTrack {
  readonly #http: HttpClient
  readonly #config: DependencyTrackConfig
  readonly #url: string
  readonly #host: Host
  readonly #parents = new Map<string, Promise<string>>()

  private constructor(http: HttpClient, url: string, config: DependencyTrackConfig, host: Host) {
    this.#http = http
    this.#url = url
    this.#config = config
    this.#host = host
  }

  static async open(url: string, config: DependencyTrackConfig, { host }: Context): Promise<DependencyTrack> {
    const http = new HttpClient({
      url,
      connections: config.concurrency,
      timeoutMs: config.timeout,
      timers: host.timers,
      tls: await readTls(config.tls, host.disk),
    })
    return new DependencyTrack(http, url, config, host)
  }

  /** Never rejects. Delivered: the server has processed the report. An upload replaces the one before. */
  async upload(upload: Upload, key: string, signal: AbortSignal): Promise<Attempt> {
    try {
      const calls = { key, signal }
      const parent = await this.#parentOf(upload.parents, calls)
      const body = {
        projectName: upload.name,
        projectVersion: upload.version,
        projectTags: upload.tags.map((name) => ({ name })),
        parentUUID: parent,
        autoCreate: true,
        bom: upload.bom,
      }
      const token = fieldsOf(await this.#call('PUT', '/api/v1/bom', 'the upload', calls, body))['token']
      return typeof token === 'string' ? await this.#processed(token, calls) : undefined
    } catch (error) {
      this.#parents.clear()
      if (error instanceof Failed) return error.attempt
      const reason = withoutSecretsOf(this.#url, `${this.#url}: ${messageOf(error)}`)
      return { is: 'retry', reason, away: !(error instanceof HttpError) || error.kind === 'network' }
    }
  }

  async probe(key: string, signal: AbortSignal): Promise<Probe> {
    try {
      await this.#call('GET', '/api/v1/project?pageSize=1', 'the list of projects', { key, signal })
      return { is: 'ok', message: `${this.#url} accepts the key` }
    } catch (error) {
      return { is: 'fail', message: withoutSecretsOf(this.#url, `${this.#url}: ${messageOf(error)}`) }
    }
  }

  close(): void {
    this.#http.close()
  }

  async #parentOf(names: readonly string[], calls: Calls): Promise<string | undefined> {
    let parent: string | undefined
    for (const [index, name] of names.entries()) {
      const path = JSON.stringify(names.slice(0, index + 1))
      const above = parent
      const found = this.#parents.get(path) ?? this.#project(name, above, calls)
      this.#parents.set(path, found)
      parent = await found
    }
    return parent
  }

  async #project(name: string, parent: string | undefined, calls: Calls): Promise<string> {
    const query = new URLSearchParams({ name, excludeInactive: 'true', onlyRoot: 'false' })
    const search = `/api/v1/project?${query.toString()}`
    const list = await this.#call('GET', search, `the search for project ${name}`, calls)
    const ids = (Array.isArray(list) ? (list as unknown[]) : []).map((value) => fieldsOf(value)['uuid'])
    const knownIds = ids.filter((id) => typeof id === 'string')
    if (knownIds.length > 0 && parent === undefined) return knownIds[0] ?? ''
    for (const id of knownIds) {
      const project = await this.#call('GET', `/api/v1/project/${encodeURIComponent(id)}`, `project ${name}`, calls)
      if (fieldsOf(fieldsOf(project)['parent'])['uuid'] === parent) return id
    }
    if (knownIds.length > 0)
      throw new Failed({ is: 'reject', reason: `project ${name} exists below another parent: move or rename it` })
    const created = await this.#call('PUT', '/api/v1/project', `the creation of project ${name}`, calls, {
      name,
      active: true,
      collectionLogic: 'AGGREGATE_DIRECT_CHILDREN',
      ...(parent === undefined ? {} : { parent: { uuid: parent } }),
    })
    const id = fieldsOf(created)['uuid']
    if (typeof id !== 'string') throw new Error(`the response for project ${name} has no uuid`)
    return id
  }

  async #processed(token: string, calls: Calls): Promise<Attempt> {
    const until = this.#host.clock.monotonic() + this.#config.processing
    for (;;) {
      const state = await this.#call('GET', `/api/v1/event/token/${encodeURIComponent(token)}`, 'the token', calls)
      if (!isRecord(state) || state['processing'] !== true) return undefined
      if (this.#host.clock.monotonic() >= until || calls.signal.aborted)
        return { is: 'retry', reason: 'the report is accepted, but not processed in time' }
      await this.#host.timers.sleep(pollMs, calls.signal)
    }
  }

  async #call(
    method: 'GET' | 'PUT',
    path: string,
    what: string,
    { key, signal }: Calls,
    body?: object,
  ): Promise<unknown> {
    const answer = await this.#http.request({
      method,
      to: `${new URL(this.#url).pathname.replace(/\/$/, '')}${path}`,
      headers: {
        'x-api-key': key,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: new TextEncoder().encode(JSON.stringify(body)) }),
      limit: maxAnswer,
      signal,
    })
    const failure = failureOf({ ...answer, body: answer.body.subarray(0, shownBytes) }, what, this.#host.clock.now())
    if (failure !== undefined) throw new Failed(failure)
    const text = new TextDecoder().decode(answer.body)
    return text === '' ? undefined : (JSON.parse(text) as unknown)
  }
}
