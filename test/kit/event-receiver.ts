// The target of an http sink: accepts CloudEvents in any mode and records each id.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { freePorts } from './free-port.ts'

export interface Received {
  readonly id: string
  readonly key: string | undefined
  readonly source?: string | undefined
}

export class EventReceiver {
  /** In order of arrival, repeats included. */
  readonly received: Received[] = []
  /** Response status; 204 accepts the events. */
  status = 204
  readonly port: number
  #server: Server | undefined

  private constructor(port: number) {
    this.port = port
  }

  /** Reserves a port without listening. */
  static async prepare(): Promise<EventReceiver> {
    const [port = 0] = await freePorts(1)
    return new EventReceiver(port)
  }

  static async start(): Promise<EventReceiver> {
    const receiver = await EventReceiver.prepare()
    await receiver.listen()
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/`
  }

  async listen(): Promise<void> {
    const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      this.#take(request, response).catch(() => response.destroy())
    })
    server.listen(this.port, '127.0.0.1')
    await once(server, 'listening')
    this.#server = server
  }

  async close(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = []
    for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece)
    if (this.status < 300)
      for (const event of eventsOf(request, Buffer.concat(pieces).toString())) this.received.push(event)
    response.writeHead(this.status).end()
  }
}

interface Parsed {
  readonly id: string
  readonly source: string
  readonly partitionkey?: string
}

function eventsOf(request: IncomingMessage, body: string): Received[] {
  const type = request.headers['content-type'] ?? ''
  if (!type.startsWith('application/cloudevents')) {
    const { 'ce-id': id, 'ce-partitionkey': key, 'ce-source': source } = request.headers
    return [
      {
        id: String(id),
        key: key === undefined ? undefined : String(key),
        source: source === undefined ? undefined : String(source),
      },
    ]
  }
  const parsed = JSON.parse(body) as Parsed | Parsed[]
  return [parsed].flat().map(({ id, partitionkey, source }) => ({ id, key: partitionkey, source }))
}
