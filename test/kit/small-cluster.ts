// An API server with a few objects and a history that can expire, with refusals on request.
import { eventLine } from './watch-lines.ts'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { kubeconfigOf } from './kubeconfig.ts'

export interface SmallType {
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly kind: string
}

export interface SmallObject {
  readonly metadata: {
    readonly name: string
    readonly uid: string
    readonly resourceVersion: string
    readonly [other: string]: unknown
  }
  readonly [other: string]: unknown
}

interface Happened {
  readonly resource: string
  readonly version: number
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: SmallObject
}

export const configMaps: SmallType = { group: '', version: 'v1', resource: 'configmaps', kind: 'ConfigMap' }

export class SmallCluster {
  types: SmallType[]
  /** Groups with an aggregated server that does not respond. */
  readonly stale = new Set<string>()
  /** A group that is missing in the next discovery. */
  forgetsOnce: string | undefined
  /** Status of refusals, by resource. */
  readonly refused = new Map<string, number>()
  /** Objects per page; a page after this number is refused once as expired. */
  pageRows = 10_000
  expiresBehind: number | undefined
  version = 100
  readonly lists: string[] = []
  /** Number of discoveries. */
  described = 0
  /** Versions at which watches resumed. */
  readonly watchedFrom: string[] = []
  readonly #objects = new Map<string, Map<string, SmallObject>>()
  readonly #happened: Happened[] = []
  #forgotten = 0
  #uids = 0
  readonly #watches = new Set<{ readonly resource: string; readonly response: ServerResponse }>()
  readonly #server: Server

  private constructor(types: readonly SmallType[]) {
    this.types = [...types]
    this.#server = createServer((request, response) => this.#answer(request, response))
  }

  static async start(...types: readonly SmallType[]): Promise<SmallCluster> {
    const cluster = new SmallCluster(types)
    await new Promise<void>((resolve) => void cluster.#server.listen(0, '127.0.0.1', resolve))
    return cluster
  }

  get kubeconfig(): string {
    const server = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
    return kubeconfigOf(server)
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** Creates or updates an object. */
  put(name: string, data: Readonly<Record<string, string>>, more: object = {}, resource = 'configmaps'): void {
    const of = this.#of(resource)
    const before = of.get(name)
    this.version++
    const metadata = {
      name,
      namespace: 'shop',
      uid: before?.metadata.uid ?? `u${++this.#uids}`,
      resourceVersion: String(this.version),
      creationTimestamp: before?.metadata['creationTimestamp'] ?? '2026-01-01T00:00:00Z',
      ...more,
    }
    const object: SmallObject = { metadata, data }
    of.set(name, object)
    this.#notify({ resource, version: this.version, type: before === undefined ? 'ADDED' : 'MODIFIED', object })
  }

  remove(name: string, resource = 'configmaps'): void {
    const last = this.#of(resource).get(name)
    if (last === undefined) throw new Error(`there is no ${name}`)
    this.#of(resource).delete(name)
    this.version++
    this.#notify({
      resource,
      version: this.version,
      type: 'DELETED',
      object: { ...last, metadata: { ...last.metadata, resourceVersion: String(this.version) } },
    })
  }

  bookmark(): void {
    this.version++
    for (const { resource, response } of this.#watches)
      response.write(
        eventLine('BOOKMARK', { ...this.#head(resource), metadata: { resourceVersion: String(this.version) } }),
      )
  }

  /** Ends every watch. `forget`: also expires the history before this change. */
  endWatches({ forget = false } = {}): void {
    if (forget) this.#forgotten = this.version
    for (const { response } of this.#watches) response.end()
    this.#watches.clear()
  }

  get watches(): number {
    return this.#watches.size
  }

  #of(resource: string): Map<string, SmallObject> {
    let of = this.#objects.get(resource)
    if (of === undefined) this.#objects.set(resource, (of = new Map()))
    return of
  }

  #head(resource: string): { readonly kind: string; readonly apiVersion: string } {
    const { kind, group, version } = this.types.find((each) => each.resource === resource) ?? configMaps
    return { kind, apiVersion: group === '' ? version : `${group}/${version}` }
  }

  #notify(happened: Happened): void {
    this.#happened.push(happened)
    for (const { resource, response } of this.#watches)
      if (resource === happened.resource) response.write(this.#line(happened))
  }

  #line({ resource, type, object }: Happened): string {
    return `${JSON.stringify({ type, object: { ...this.#head(resource), ...object } })}\n`
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://small')
    const send = (body: object, status = 200): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    const refuse = (code: number): void => send({ kind: 'Status', code, message: `refused with ${code}` }, code)
    if (pathname === '/version') return send({ major: '1', minor: '30', gitVersion: 'v1.30.0' })
    if (pathname === '/api') return send(this.#described(''))
    if (pathname === '/apis') {
      this.described++
      const forgotten = this.forgetsOnce
      this.forgetsOnce = undefined
      return send(this.#described(undefined, forgotten))
    }
    const type = this.types.find(
      ({ group, version, resource }) =>
        pathname === (group === '' ? `/api/${version}/${resource}` : `/apis/${group}/${version}/${resource}`),
    )
    if (type === undefined) return refuse(404)
    const { group, resource } = type
    const code = this.stale.has(group) ? 503 : this.refused.get(resource)
    if (code !== undefined) return refuse(code)
    if (searchParams.get('watch') === 'true')
      return this.#watch(resource, searchParams.get('resourceVersion') ?? '', response)
    const from = Number(searchParams.get('continue') ?? 0)
    if (from > (this.expiresBehind ?? Number.POSITIVE_INFINITY)) {
      this.expiresBehind = undefined
      return refuse(410)
    }
    this.lists.push(`${resource} ${from}`)
    const all = [...this.#of(resource).values()]
    const next = from + this.pageRows
    send({
      ...this.#head(resource),
      kind: `${type.kind}List`,
      metadata: { resourceVersion: String(this.version), ...(next < all.length ? { continue: String(next) } : {}) },
      items: all.slice(from, next),
    })
  }

  #watch(resource: string, version: string, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    if (Number(version) < this.#forgotten)
      return void response.end(
        `${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } })}\n`,
      )
    this.watchedFrom.push(version)
    for (const happened of this.#happened)
      if (happened.resource === resource && happened.version > Number(version)) response.write(this.#line(happened))
    const watch = { resource, response }
    this.#watches.add(watch)
    response.on('close', () => this.#watches.delete(watch))
  }

  #described(core: '' | undefined, forgotten?: string): object {
    const types = this.types.filter(({ group }) => (group === '') === (core === '') && group !== forgotten)
    const groups = Map.groupBy(types, ({ group }) => group)
    return {
      kind: 'APIGroupDiscoveryList',
      apiVersion: 'apidiscovery.k8s.io/v2',
      items: [...groups].map(([group, all]) => ({
        metadata: { name: group },
        versions: [...Map.groupBy(all, ({ version }) => version)].map(([version, of]) => ({
          version,
          freshness: this.stale.has(group) ? 'Stale' : 'Current',
          resources: this.stale.has(group)
            ? []
            : of.map(({ resource, kind }) => ({
                resource,
                responseKind: { kind },
                scope: 'Namespaced',
                verbs: ['get', 'list', 'watch'],
              })),
        })),
      })),
    }
  }
}
