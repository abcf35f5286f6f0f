import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Kind = Readonly<{
  group: string
  version: string
  kind: string
  resource: string
  namespaced: boolean
}>

type Meta = Readonly<{
  name: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  [other: string]: unknown
}>

export type DemoObject = Readonly<{
  metadata: Meta
  [other: string]: unknown
}>

type WatchedChange = Readonly<{
  version: number
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  object: object
}>

const remembered = 2000
const bookmarkMs = 20_000

class Collection {
  readonly kind: Kind
  readonly objects = new Map<string, DemoObject>()
  readonly history: WatchedChange[] = []
  /** Changes up to this version are gone. */
  forgotten = 0
  readonly watchers = new Set<(change: WatchedChange) => void>()

  constructor(kind: Kind) {
    this.kind = kind
  }

  get apiVersion(): string {
    return this.kind.group === '' ? this.kind.version : `${this.kind.group}/${this.kind.version}`
  }
}

export class DemoApiServer {
  readonly #server: Server = createServer((request, response) => this.#answer(request, response))
  readonly #collections: ReadonlyMap<string, Collection>
  #version = 1000
  #uids = 0

  constructor(kinds: readonly Kind[]) {
    this.#collections = new Map(kinds.map((kind) => [kind.kind, new Collection(kind)]))
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => void this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  get(kind: string, name: string): DemoObject | undefined {
    return this.#of(kind).objects.get(name)
  }

  put(kind: string, object: DemoObject): DemoObject {
    const of = this.#of(kind)
    const { metadata, ...rest } = object
    const before = of.objects.get(metadata.name)
    const previous =
      before === undefined
        ? { uid: `demo-uid-${++this.#uids}`, creationTimestamp: new Date().toISOString().replace(/\.\d+Z$/, 'Z') }
        : { uid: before.metadata.uid, creationTimestamp: before.metadata['creationTimestamp'] }
    const version = ++this.#version
    const whole = {
      apiVersion: of.apiVersion,
      kind,
      metadata: { ...previous, ...metadata, resourceVersion: String(version) },
      ...rest,
    } as DemoObject
    of.objects.set(metadata.name, whole)
    this.#notify(of, { version, type: before === undefined ? 'ADDED' : 'MODIFIED', object: whole })
    return whole
  }

  delete(kind: string, name: string): DemoObject | undefined {
    const of = this.#of(kind)
    const before = of.objects.get(name)
    if (before === undefined) return undefined
    of.objects.delete(name)
    const version = ++this.#version
    const last = { ...before, metadata: { ...before.metadata, resourceVersion: String(version) } }
    this.#notify(of, { version, type: 'DELETED', object: last })
    return last
  }

  #of(kind: string): Collection {
    const collection = this.#collections.get(kind)
    if (collection === undefined) throw new Error(`the demo's cluster has no kind ${kind}`)
    return collection
  }

  #notify(of: Collection, change: WatchedChange) {
    of.history.push(change)
    if (of.history.length > remembered) of.forgotten = of.history.shift()?.version ?? of.forgotten
    for (const watcher of of.watchers) watcher(change)
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://demo')
    const send = (body: object, status = 200): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    const fail = (code: number, message: string): void =>
      send({ apiVersion: 'v1', kind: 'Status', status: 'Failure', code, message }, code)
    if (pathname === '/version') return send({ major: '1', minor: '31', gitVersion: 'v1.31.0-demo' })
    if (pathname === '/api') return send(this.#described(({ group }) => group === ''))
    if (pathname === '/apis') return send(this.#described(({ group }) => group !== ''))
    const of = [...this.#collections.values()].find(
      (collection) =>
        pathname ===
        `${collection.kind.group === '' ? '/api/' : '/apis/'}${collection.apiVersion}/${collection.kind.resource}`,
    )
    if (of === undefined) return fail(404, `the demo's cluster has nothing at ${pathname}`)
    if (searchParams.get('watch') === 'true') return this.#watch(of, searchParams, response)
    return send({
      apiVersion: of.apiVersion,
      kind: `${of.kind.kind}List`,
      metadata: { resourceVersion: String(this.#version) },
      items: [...of.objects.values()],
    })
  }

  #described(has: (kind: Kind) => boolean): object {
    const groups = Map.groupBy(
      [...this.#collections.values()].map(({ kind }) => kind).filter(has),
      ({ group, version }) => `${group} ${version}`,
    )
    return {
      apiVersion: 'apidiscovery.k8s.io/v2',
      kind: 'APIGroupDiscoveryList',
      metadata: {},
      items: [...groups.values()].map((kinds) => ({
        metadata: { name: kinds[0]?.group },
        versions: [
          {
            version: kinds[0]?.version,
            freshness: 'Current',
            resources: kinds.map(({ resource, kind, namespaced }) => ({
              resource,
              responseKind: { kind },
              scope: namespaced ? 'Namespaced' : 'Cluster',
              verbs: ['get', 'list', 'watch'],
            })),
          },
        ],
      })),
    }
  }

  #watch(of: Collection, query: URLSearchParams, response: ServerResponse): void {
    const from = Number(query.get('resourceVersion') ?? '0')
    response.writeHead(200, { 'content-type': 'application/json' })
    const say = (event: object): void => void response.write(`${JSON.stringify(event)}\n`)
    if (from < of.forgotten) {
      say({
        type: 'ERROR',
        object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' },
      })
      return void response.end()
    }
    const send = ({ type, object }: WatchedChange): void => say({ type, object })
    for (const change of of.history) if (change.version > from) send(change)
    of.watchers.add(send)
    const mark = setInterval(
      () =>
        say({
          type: 'BOOKMARK',
          object: {
            apiVersion: of.apiVersion,
            kind: of.kind.kind,
            metadata: { resourceVersion: String(this.#version) },
          },
        }),
      bookmarkMs,
    )
    const end = setTimeout(() => response.end(), Number(query.get('timeoutSeconds') ?? '300') * 1000)
    response.flushHeaders()
    response.on('close', () => {
      of.watchers.delete(send)
      clearInterval(mark)
      clearTimeout(end)
    })
  }
}
