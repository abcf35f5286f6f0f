import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'

export interface StreamEvent {
  readonly event: string
  readonly id: string | undefined
  readonly data: Readonly<Record<string, unknown>>
}

export class EventStream {
  readonly events: StreamEvent[] = []
  readonly comments: string[] = []
  readonly #answer: IncomingMessage
  #rest = ''
  #ended = false
  #notify: () => void = () => {}

  private constructor(answer: IncomingMessage) {
    this.#answer = answer
    answer.setEncoding('utf8').on('data', (piece: string) => {
      const blocks = (this.#rest + piece).split('\n\n')
      this.#rest = blocks.pop() ?? ''
      blocks.forEach((block) => this.#take(block))
      this.#notify()
    })
    const end = (): void => {
      this.#ended = true
      this.#notify()
    }
    answer.on('end', end).on('close', end).on('error', end)
  }

  static open(url: string, headers: Record<string, string> = {}, body?: object): Promise<EventStream> {
    return new Promise((resolve, reject) => {
      request(
        url,
        {
          method: body === undefined ? 'GET' : 'POST',
          headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
          agent: false,
        },
        (answer) =>
          answer.statusCode === 200
            ? resolve(new EventStream(answer))
            : reject(new Error(`status ${answer.statusCode}`)),
      )
        .on('error', reject)
        .end(body === undefined ? undefined : JSON.stringify(body))
    })
  }

  #take(block: string): void {
    const field = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
    const data = field('data')
    if (block.startsWith(':')) this.comments.push(block)
    else if (data !== undefined)
      this.events.push({ event: field('event') ?? '', id: field('id'), data: JSON.parse(data) as StreamEvent['data'] })
  }

  /** The first past or future match. */
  async until(matches: (event: StreamEvent) => boolean): Promise<StreamEvent> {
    for (;;) {
      const found = this.events.find(matches)
      if (found !== undefined) return found
      if (this.#ended) throw new Error('the stream ended without the event')
      await new Promise<void>((resolve) => (this.#notify = resolve))
    }
  }

  rows(view: string): unknown[][] {
    return this.events
      .filter(({ event, data }) => event === 'rows' && data['view'] === view)
      .flatMap(({ data }) => data['rows'] as unknown[][])
  }

  async untilRows(view: string, count: number): Promise<unknown[][]> {
    await this.until(() => this.rows(view).length >= count)
    return this.rows(view)
  }

  async ended(): Promise<void> {
    while (!this.#ended) await new Promise<void>((resolve) => (this.#notify = resolve))
  }

  get headers(): IncomingMessage['headers'] {
    return this.#answer.headers
  }

  /** Stops reading, so that the sender's buffers fill. */
  pause(): void {
    this.#answer.pause()
  }

  resume(): void {
    this.#answer.resume()
  }

  close(): void {
    this.#answer.destroy()
  }
}
