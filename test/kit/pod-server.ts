// An API server with any number of realistic pods, generated on request: lists by watch, open watches, and changes at
// the speed of the reader.
import { bookmark, eventLine } from './watch-lines.ts'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Shape {
  /** `pod`: two containers with 24 variables and two managers, about 11 KB. `small`: about 1 KB. */
  readonly size: 'pod' | 'small'
  readonly objects: number
}

const fields = (): object => ({
  'f:metadata': { 'f:labels': named(12, (index) => [`f:label-${index}`, {}]) },
  'f:spec': {
    'f:containers': Object.fromEntries(
      ['a', 'b'].map((name) => [
        `k:{"name":"${name}"}`,
        {
          '.': {},
          'f:image': {},
          'f:env': named(24, (index) => [
            `k:{"name":"VARIABLE_NUMBER_${index}"}`,
            { '.': {}, 'f:name': {}, 'f:value': {} },
          ]),
          'f:resources': { 'f:limits': { 'f:cpu': {}, 'f:memory': {} } },
        },
      ]),
    ),
  },
})

function named(count: number, entry: (index: number) => readonly [string, unknown]): object {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => entry(index)))
}

function identity(index: number, version: number): object {
  return {
    name: `app-${index % 5000}-${index}`,
    namespace: `ns-${index % 100}`,
    uid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    resourceVersion: String(version),
    creationTimestamp: '2026-11-01T00:00:00Z',
  }
}

export function objectAt({ size }: Shape, index: number, version: number, turn: number): object {
  if (size === 'small')
    return {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { ...identity(index, version), labels: { app: `app-${index % 5000}` } },
      spec: { nodeName: `node-${index % 500}`, containers: [{ name: 'a', image: `example.test/app:${index % 50}` }] },
      status: { phase: 'Running', message: `turn ${turn} `.repeat(40) },
    }
  const container = (name: string): object => ({
    name,
    image: `example.test/team/app-${index % 50}:v${index % 7}`,
    env: Array.from({ length: 24 }, (_, at) => ({
      name: `VARIABLE_NUMBER_${at}`,
      value: `value ${at} of ${index % 97}, with some text in it`,
    })),
    resources: { limits: { cpu: '500m', memory: '512Mi' }, requests: { cpu: '100m', memory: '128Mi' } },
    ports: [{ containerPort: 8080, protocol: 'TCP' }],
    volumeMounts: [
      { name: 'kube-api-access', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true },
    ],
    livenessProbe: { httpGet: { path: '/healthz', port: 8080, scheme: 'HTTP' }, timeoutSeconds: 1, periodSeconds: 10 },
  })
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      ...identity(index, version),
      labels: named(12, (at) => [`label-${at}`, `value-${index % 31}`]),
      annotations: { 'checksum/config': `${index}abcdef` },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: `app-${index % 5000}`,
          uid: `10000000-0000-4000-8000-${String(index % 5000).padStart(12, '0')}`,
          controller: true,
        },
      ],
      managedFields: [
        {
          manager: 'kube-controller-manager',
          operation: 'Update',
          apiVersion: 'v1',
          time: '2026-11-01T00:00:00Z',
          fieldsV1: fields(),
        },
        {
          manager: 'kubelet',
          operation: 'Update',
          apiVersion: 'v1',
          time: turn === 0 ? '2026-11-01T00:00:05Z' : `${new Date().toISOString().slice(0, 19)}Z`,
          subresource: 'status',
          fieldsV1: { 'f:status': { 'f:conditions': {}, 'f:containerStatuses': {}, 'f:phase': {}, 'f:podIP': {} } },
        },
      ],
    },
    spec: {
      nodeName: `node-${index % 500}`,
      containers: [container('a'), container('b')],
      serviceAccountName: 'default',
    },
    status: {
      phase: 'Running',
      podIP: `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`,
      conditions: ['Ready', 'Initialized', 'ContainersReady', 'PodScheduled'].map((type) => ({
        type,
        status: 'True',
        lastTransitionTime: '2026-11-01T00:00:05Z',
      })),
      containerStatuses: ['a', 'b'].map((name) => ({
        name,
        ready: true,
        restartCount: turn,
        image: 'x',
        imageID: 'example.test/team/app@sha256:abc',
        state: { running: { startedAt: '2026-11-01T00:00:04Z' } },
      })),
    },
  }
}

export class PodServer {
  readonly shape: Shape
  readonly #server: Server
  readonly #watches = new Set<ServerResponse>()
  #version: number
  #turn = 0
  /** Watches from earlier versions expire. */
  #oldest = 0
  lists = 0

  private constructor(server: Server, shape: Shape) {
    this.#server = server
    this.shape = shape
    this.#version = shape.objects + 1000
    server.on('request', (request, response) => {
      this.#answer(request, response).catch(() => response.destroy())
    })
  }

  static async start(shape: Shape): Promise<PodServer> {
    const server = createServer()
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    return new PodServer(server, shape)
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
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

  /** Makes `count` changes of successive objects at the speed of the reader. */
  async change(count: number): Promise<void> {
    const begun = ++this.#turn
    for (let index = 0; index < count; index += 20) {
      const text = Array.from({ length: 20 }, (_, at) => eventLine('MODIFIED', this.#next(index + at, begun))).join('')
      for (const watch of this.#watches)
        if (!watch.write(text)) await new Promise((resolve) => watch.once('drain', resolve))
    }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://pods')
    if (answerOther(pathname, searchParams, response)) return
    if (Number(searchParams.get('resourceVersion') ?? this.#version) < this.#oldest)
      return sendJson(response, { kind: 'Status', code: 410, reason: 'Expired' }, 410)
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    if (searchParams.get('sendInitialEvents') === 'true') {
      this.lists++
      for (let index = 0; index < this.shape.objects; index += 20) {
        const text = Array.from({ length: 20 }, (_, at) =>
          eventLine('ADDED', objectAt(this.shape, index + at, index + at + 1, this.#turn)),
        ).join('')
        if (!response.write(text)) await new Promise((resolve) => response.once('drain', resolve))
      }
      response.write(eventLine('BOOKMARK', bookmark(this.#version)))
    }
    this.#watches.add(response)
    response.on('close', () => this.#watches.delete(response))
  }
}

/** Responds to requests other than pod watches; false: it is one. */
export function answerOther(pathname: string, searchParams: URLSearchParams, response: ServerResponse): boolean {
  if (pathname === '/api/v1/pods' && searchParams.get('watch') === 'true') return false
  if (pathname === '/version') sendJson(response, { major: '1', minor: '34', gitVersion: 'v1.34.0' })
  else if (pathname === '/api' || pathname === '/apis') {
    const pods = {
      metadata: {},
      versions: [
        {
          version: 'v1',
          freshness: 'Current',
          resources: [
            { resource: 'pods', responseKind: { kind: 'Pod' }, scope: 'Namespaced', verbs: ['get', 'list', 'watch'] },
          ],
        },
      ],
    }
    sendJson(response, { kind: 'APIGroupDiscoveryList', items: pathname === '/api' ? [pods] : [] })
  } else sendJson(response, { kind: 'Status', code: 404 }, 404)
  return true
}

function sendJson(response: ServerResponse, body: object, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
