// An API server of pods that reuse addresses; serves list and watch over real HTTP.
import { bookmark, eventLine } from '../../../test/kit/watch-lines.ts'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerOther } from '../../../test/kit/pod-server.ts'
import type { SeededRandom } from '../../../test/kit/random.ts'

/** A pod had an address between these times (Unix ms). */
interface Holding {
  readonly pod: string
  readonly from: number
  until: number
}

const pairs = 20

export class Cluster {
  /** By number of the address, oldest first. */
  readonly held: Holding[][]
  /** Addresses that recently moved to another pod. */
  readonly fresh: number[] = []
  readonly #server: Server
  readonly #watches = new Set<ServerResponse>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #version = 1000

  private constructor(server: Server, pods: number, born: number) {
    this.#server = server
    this.held = Array.from({ length: pods }, (_, index) => [
      { pod: `app-${index % 5000}-${index}-0`, from: born, until: Infinity },
    ])
    server.on('request', (request, response) => {
      this.#answer(request, response).catch(() => response.destroy())
    })
  }

  static async start(pods: number, born: number): Promise<Cluster> {
    const server = createServer()
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    return new Cluster(server, pods, born)
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  static address(index: number): string {
    return `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`
  }

  holder(index: number, time: number): string | undefined {
    return this.held[index]?.find(({ from, until }) => from <= time && time < until)?.pod
  }

  /** At `at`, a whole second, the address moves to another pod; the watch reports it up to `lateMs` later. */
  handOn(index: number, at: number, lateMs: number, random: SeededRandom): void {
    const holdings = this.held[index] ?? []
    const last = holdings.at(-1)
    // It was moved recently.
    if (last === undefined || last.from > Date.now() - 5000) return
    const next: Holding = { pod: `app-${index % 5000}-${index}-${holdings.length}`, from: at, until: Infinity }
    last.until = at
    holdings.push(next)
    this.fresh.push(index)
    if (this.fresh.length > 200) this.fresh.shift()
    this.#later(at + random.integer(0, lateMs) - Date.now(), () => {
      this.#send([
        { type: 'DELETED', object: this.#object(index, last, holdings.length - 2) },
        { type: 'ADDED', object: this.#object(index, next, holdings.length - 1) },
      ])
    })
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #later(ms: number, act: () => void) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      act()
    }, ms)
    this.#timers.add(timer)
  }

  #send(events: readonly object[]) {
    const text = events.map((event) => `${JSON.stringify(event)}\n`).join('')
    for (const watch of this.#watches) watch.write(text)
  }

  #object(index: number, { pod, from }: Holding, turn: number): object {
    const app = `app-${index % 5000}`
    return {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: {
        name: pod,
        namespace: `ns-${index % 100}`,
        uid: `${String(turn).padStart(8, '0')}-0000-4000-8000-${String(index).padStart(12, '0')}`,
        resourceVersion: String(++this.#version),
        creationTimestamp: new Date(from).toISOString().replace('.000Z', 'Z'),
        labels: { app, 'pod-template-hash': 'x' },
        ownerReferences: [
          {
            apiVersion: 'apps/v1',
            kind: 'ReplicaSet',
            name: `${app}-x`,
            uid: `10000000-0000-4000-8000-${String(index % 5000).padStart(12, '0')}`,
            controller: true,
          },
        ],
      },
      spec: { nodeName: `node-${index % 500}`, containers: [{ name: 'a', image: `example.test/app:${index % 50}` }] },
      status: { phase: 'Running', podIP: Cluster.address(index) },
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse) {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://pods')
    if (pathname !== '/api/v1/pods' || searchParams.get('watch') !== 'true')
      return answerOther(pathname, response, ['/api/v1/pods'])
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    if (searchParams.get('sendInitialEvents') === 'true') {
      for (let index = 0; index < this.held.length; index += pairs) {
        const text = this.held
          .slice(index, index + pairs)
          .map((holdings, at) =>
            eventLine('ADDED', this.#object(index + at, holdings.at(-1) as Holding, holdings.length - 1)),
          )
          .join('')
        if (!response.write(text)) await new Promise((resolve) => response.once('drain', resolve))
      }
      response.write(eventLine('BOOKMARK', bookmark(this.#version)))
    }
    this.#watches.add(response)
    response.on('close', () => this.#watches.delete(response))
  }
}
