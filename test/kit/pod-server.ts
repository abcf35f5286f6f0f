// An API server with any number of realistic pods and nodes, generated on request: lists by watch and in pages, open
// watches, and changes at the speed of the reader.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TestCertificate } from './certificate.ts'
import { nodeAt, objectAt, type Shape } from './pod-objects.ts'
import { bookmark, eventLine } from './watch-lines.ts'

type PodServerOptions = Readonly<{
  /** Also served, with list and watch. Default: no nodes. */
  nodes?: number
  /** Default: plain HTTP. */
  tls?: TestCertificate
  /** False: the server refuses lists by watch, as before Kubernetes 1.32. */
  streams?: boolean
}>

/** A served collection. `at`: the object of an index. */
interface Collection {
  readonly kind: 'Pod' | 'Node'
  readonly count: number
  readonly at: (index: number, version: number, turn: number) => object
  readonly watches: Set<ServerResponse>
}

const atOnce = 20

export class PodServer {
  readonly shape: Shape
  readonly #server: Server
  readonly #collections: ReadonlyMap<string, Collection>
  readonly #options: PodServerOptions
  #version: number
  #turn = 0
  /** Watches from earlier versions expire. */
  #oldest = 0
  /** Lists of pods. */
  lists = 0

  private constructor(server: Server, shape: Shape, options: PodServerOptions) {
    this.#server = server
    this.shape = shape
    this.#options = options
    const { nodes = 0 } = options
    const collections = new Map<string, Collection>()
    collections.set('/api/v1/pods', {
      kind: 'Pod',
      count: shape.objects,
      at: (...given) => objectAt(shape, ...given),
      watches: new Set(),
    })
    if (nodes > 0) collections.set('/api/v1/nodes', { kind: 'Node', count: nodes, at: nodeAt, watches: new Set() })
    this.#collections = collections
    this.#version = shape.objects + nodes + 1000
    server.on('request', (request, response) => {
      this.#answer(request, response).catch(() => response.destroy())
    })
  }

  static async start(shape: Shape, options: PodServerOptions = {}): Promise<PodServer> {
    const { tls } = options
    const server = tls === undefined ? createServer() : createSecureServer({ cert: tls.cert, key: tls.key })
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    return new PodServer(server, shape, options)
  }

  get url(): string {
    const scheme = this.#options.tls === undefined ? 'http' : 'https'
    return `${scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Expires all earlier versions. */
  forget(): void {
    this.#oldest = ++this.#version
  }

  /** The object of change `at`, counted from turn `begun` on. */
  #next(at: number, begun: number): object {
    const { objects } = this.shape
    this.#turn = begun + Math.floor(at / objects)
    return objectAt(this.shape, at % objects, ++this.#version, this.#turn)
  }

  /** Makes `count` changes of successive pods at the speed of the reader. */
  async change(count: number): Promise<void> {
    const begun = ++this.#turn
    for (let index = 0; index < count; index += atOnce) {
      const text = Array.from({ length: atOnce }, (_, at) => eventLine('MODIFIED', this.#next(index + at, begun))).join(
        '',
      )
      for (const watch of this.#collections.get('/api/v1/pods')?.watches ?? []) await written(watch, text)
    }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://pods')
    const collection = this.#collections.get(pathname)
    if (collection === undefined) return answerOther(pathname, response, [...this.#collections.keys()])
    const streamed = searchParams.get('sendInitialEvents') === 'true'
    if (streamed && this.#options.streams === false)
      return sendJson(response, { kind: 'Status', code: 422, reason: 'Invalid' }, 422)
    if (searchParams.get('watch') !== 'true') return this.#page(collection, searchParams, response)
    if (Number(searchParams.get('resourceVersion') ?? this.#version) < this.#oldest)
      return sendJson(response, { kind: 'Status', code: 410, reason: 'Expired' }, 410)
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    if (streamed) {
      if (collection.kind === 'Pod') this.lists++
      for (let index = 0; index < collection.count; index += atOnce)
        await written(
          response,
          this.#objects(collection, index, index + atOnce).reduce((text, one) => text + eventLine('ADDED', one), ''),
        )
      response.write(eventLine('BOOKMARK', bookmark(this.#version, collection.kind)))
    }
    collection.watches.add(response)
    response.on('close', () => collection.watches.delete(response))
  }

  async #page({ kind, count, at }: Collection, query: URLSearchParams, response: ServerResponse): Promise<void> {
    const from = Number(query.get('continue') ?? 0)
    const end = Math.min(count, from + Number(query.get('limit') ?? count))
    if (kind === 'Pod' && from === 0) this.lists++
    const rest = end < count ? { continue: String(end), remainingItemCount: count - end } : {}
    const metadata = { resourceVersion: String(this.#version), ...rest }
    response.writeHead(200, { 'content-type': 'application/json' })
    const head = JSON.stringify({ kind: `${kind}List`, apiVersion: 'v1', metadata })
    await written(response, `${head.slice(0, -1)},"items":[`)
    for (let index = from; index < end; index += atOnce) {
      const items = this.#objects({ count: end, at }, index, index + atOnce).map((one) => JSON.stringify(one))
      await written(response, `${index === from ? '' : ','}${items.join(',')}`)
    }
    response.end(']}')
  }

  #objects({ count, at }: Pick<Collection, 'count' | 'at'>, from: number, end: number): object[] {
    return Array.from({ length: Math.min(end, count) - from }, (_, index) =>
      at(from + index, from + index + 1, this.#turn),
    )
  }
}

async function written(response: ServerResponse, text: string): Promise<void> {
  if (!response.write(text)) await new Promise((resolve) => response.once('drain', resolve))
}

/** Responds to requests other than those of collections: version, discovery of `paths`, and 404. */
export function answerOther(pathname: string, response: ServerResponse, paths: readonly string[]): void {
  if (pathname === '/version') sendJson(response, { major: '1', minor: '34', gitVersion: 'v1.34.0' })
  else if (pathname === '/api' || pathname === '/apis') {
    const core = {
      metadata: {},
      versions: [{ version: 'v1', freshness: 'Current', resources: paths.map(resourceOf) }],
    }
    sendJson(response, { kind: 'APIGroupDiscoveryList', items: pathname === '/api' ? [core] : [] })
  } else sendJson(response, { kind: 'Status', code: 404 }, 404)
}

function resourceOf(path: string): object {
  const isPods = path.endsWith('pods')
  return {
    resource: isPods ? 'pods' : 'nodes',
    responseKind: { kind: isPods ? 'Pod' : 'Node' },
    scope: isPods ? 'Namespaced' : 'Cluster',
    verbs: ['get', 'list', 'watch'],
  }
}

function sendJson(response: ServerResponse, body: object, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
