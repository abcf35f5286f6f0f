import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A round-robin balancer without session affinity. */
export class RoundRobin {
  /** Requests of each server as `METHOD /path`. */
  readonly requests: string[][]
  readonly #server: Server
  #turn = 0
  /** Servers that refused a connection get no further requests. */
  readonly #gone = new Set<number>()
  readonly #streams = new Set<() => void>()

  private constructor(targets: readonly string[], isHeld: (path: string) => boolean) {
    this.requests = targets.map(() => [])
    this.#server = createServer((incoming, outgoing) => {
      const there = targets.map((_, index) => index).filter((index) => !this.#gone.has(index))
      const at = there[this.#turn++ % there.length] ?? 0
      const [path = ''] = incoming.url?.split('?') ?? []
      this.requests[at]?.push(`${incoming.method} ${path}`)
      if (isHeld(path)) return
      const passed = request(
        new URL(incoming.url ?? '/', targets[at]),
        { method: incoming.method, headers: incoming.headers, agent: false },
        (answer) => {
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
          const cut = (): void => {
            outgoing.destroy()
          }
          if (answer.headers['content-type']?.startsWith('text/event-stream') === true) this.#streams.add(cut)
          outgoing.on('close', () => this.#streams.delete(cut))
          answer.pipe(outgoing)
          answer.on('error', () => outgoing.destroy())
        },
      )
      passed.on('error', (error) => {
        if ('code' in error && error.code === 'ECONNREFUSED') this.#gone.add(at)
        if (outgoing.headersSent) outgoing.destroy()
        else outgoing.writeHead(502).end()
      })
      outgoing.on('close', () => passed.destroy())
      incoming.pipe(passed)
    })
  }

  /** Requests of held paths get no response. */
  static async open(targets: readonly string[], isHeld: (path: string) => boolean = () => false): Promise<RoundRobin> {
    const proxy = new RoundRobin(targets, isHeld)
    await new Promise<void>((resolve) => void proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Closes open event streams, like a restart of the balancer. */
  cut(): void {
    for (const cut of this.#streams) cut()
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => void this.#server.close(resolve))
  }
}
