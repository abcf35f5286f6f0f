// Pushes numbered CloudEvents and records each accepted one, which must be found later.
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

export interface EventClientOptions {
  readonly url: string
  /** Concurrent connections; each posts one batch at a time. */
  readonly connections: number
  /** Events per request. */
  readonly batch: number
  /** Milliseconds between two requests of a connection. */
  readonly pause?: number
  /** Ordering keys per connection. */
  readonly keys?: number
  /** Additional bytes of data per event. */
  readonly padding?: number
  readonly source?: string
}

export const eventType = 'numbered'
export const eventSource = '/test/client'

export class EventClient {
  readonly acknowledged: number[] = []
  /** Milliseconds per request, without retries. */
  readonly latencies: number[] = []
  duplicates = 0
  retries = 0
  /** Number of each response other than 2xx. */
  readonly refusals = new Map<string, number>()
  #next = 0
  #stopping = false
  #running: Promise<unknown> = Promise.resolve()
  readonly #options: EventClientOptions
  readonly #agent: Agent

  constructor(options: EventClientOptions) {
    this.#options = options
    this.#agent = new Agent({ keepAlive: true, maxSockets: options.connections })
  }

  /** All lower numbers were sent or are being sent. */
  get sent(): number {
    return this.#next
  }

  start(): void {
    this.#stopping = false
    this.#running = Promise.all(
      Array.from({ length: this.#options.connections }, (_, connection) => this.#post(connection)),
    )
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await this.#running
    this.#agent.destroy()
  }

  async #post(connection: number): Promise<void> {
    const { batch, pause = 0 } = this.#options
    while (!this.#stopping) {
      const first = this.#next
      this.#next += batch
      const body = JSON.stringify(Array.from({ length: batch }, (_, i) => this.#event(first + i, connection)))
      while (!(await this.#send(body))) {
        this.retries++
        await sleep(20)
      }
      for (let n = first; n < first + batch; n++) this.acknowledged.push(n)
      if (pause > 0) await sleep(pause)
    }
  }

  #event(n: number, connection: number): object {
    const { keys = 8, padding = 0, source = eventSource } = this.#options
    return {
      specversion: '1.0',
      id: String(n),
      source,
      type: eventType,
      time: new Date().toISOString(),
      // Only one connection posts a key, so its numbers rise.
      partitionkey: `${connection}.${n % keys}`,
      datacontenttype: 'application/json',
      data: { n, connection, text: 'x'.repeat(padding) },
    }
  }

  async #send(body: string): Promise<boolean> {
    const started = performance.now()
    try {
      const { status, text } = await post(this.#options.url, body, this.#agent)
      if (status >= 200 && status < 300) {
        this.latencies.push(performance.now() - started)
        this.duplicates += (JSON.parse(text) as { duplicates: number }).duplicates
        return true
      }
      this.#refused(`${status} ${text.slice(0, 200)}`)
    } catch {
      // It is unknown whether the server accepted the events, so they are sent again.
    }
    return false
  }

  #refused(answer: string): void {
    this.refusals.set(answer, (this.refusals.get(answer) ?? 0) + 1)
  }
}

function post(url: string, body: string, agent: Agent): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/cloudevents-batch+json', 'content-length': Buffer.byteLength(body) }
    const outgoing = request(`${url}/events`, { method: 'POST', agent, headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (piece: string) => {
        text += piece
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
      answer.on('error', reject)
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
