// A proxy of a receiver that fails at first: failed requests never reach the receiver.
import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { freePorts } from '../../kit/free-port.ts'

/** `reset`: the connection ends without an answer. `silent`: no answer, ever. */
export type Failing =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | 'reset'
  | 'silent'

type Refuse = (request: IncomingMessage) => Failing | undefined

export class FailingFront {
  /** Faults of the next requests, in order; then requests are forwarded. */
  readonly faults: Failing[] = []
  /** Number of injected faults by name. */
  readonly given = new Map<string, number>()
  readonly port: number
  readonly #target: number
  readonly #server: Server
  readonly #refuse: Refuse

  private constructor(port: number, target: number, refuse: Refuse) {
    this.port = port
    this.#refuse = refuse
    this.#target = target
    this.#server = createServer((incoming, answer) => {
      this.#take(incoming, answer)
    })
  }

  /** `target`: the receiver's port on loopback. `refuse`: the fault of a request, beside `faults`. */
  static async start(target: number, refuse: Refuse = () => undefined): Promise<FailingFront> {
    const [port = 0] = await freePorts(1)
    const front = new FailingFront(port, target, refuse)
    front.#server.listen(port, '127.0.0.1')
    await once(front.#server, 'listening')
    return front
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  #take(incoming: IncomingMessage, answer: ServerResponse): void {
    const fault = this.faults.shift() ?? this.#refuse(incoming)
    if (fault === undefined) return this.#pass(incoming, answer)
    const name = typeof fault === 'string' ? fault : String(fault.status)
    this.given.set(name, (this.given.get(name) ?? 0) + 1)
    if (fault === 'reset') incoming.socket.resetAndDestroy()
    else if (fault === 'silent') incoming.resume()
    else
      incoming.resume().on('end', () => {
        answer.writeHead(fault.status, fault.headers).end(fault.body)
      })
  }

  #pass(incoming: IncomingMessage, answer: ServerResponse): void {
    const passed = request(
      { host: '127.0.0.1', port: this.#target, method: incoming.method, path: incoming.url, headers: incoming.headers },
      (got) => {
        answer.writeHead(got.statusCode ?? 502, got.headers)
        got.pipe(answer)
      },
    )
    passed.on('error', () => {
      answer.destroy()
    })
    incoming.pipe(passed)
  }
}
