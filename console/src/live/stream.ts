import { asRefused, Refused, refusedOf } from '../api/problem.ts'
import { EventCutter } from './event-stream.ts'
import type { Link, WantedView } from './messages.ts'

const shortest = 500
const longest = 30_000
/** Times that a change is told before the stream is opened anew. */
const turns = 4
/** The server says something at least every second; this long a silence means that the line is dead. */
const silence = 20_000

interface On {
  readonly event: (event: string, data: Record<string, unknown>) => void
  readonly link: (link: Link) => void
}

/**
 * One stream, as long as somebody wants to see something. Read by fetch, not EventSource, so that an error can be read.
 * It reconnects by itself, going on from the last event it saw.
 */
export class Stream {
  readonly #on: On
  readonly #server: string
  readonly #sid = hardToGuess()
  #views: readonly WantedView[] = []
  #lastId = ''
  #failures = 0
  #line: AbortController | undefined
  /** Has the server begun to answer on it? */
  #opened = false
  #running = false
  /** The line was ended because another server is to open it. */
  #moves = false
  #wake = (): void => {}
  #changes: Promise<void> = Promise.resolve()

  /** @param server `http://host:port`; empty: the one that the page comes from. */
  constructor(on: On, server = '') {
    this.#on = on
    this.#server = server
  }

  show(views: readonly WantedView[]): void {
    const changed = JSON.stringify(views) !== JSON.stringify(this.#views)
    this.#views = views
    if (views.length === 0) {
      this.#line?.abort()
      return this.#wake()
    }
    if (!this.#running) this.#run().catch(this.#failed)
    // What was refused before may be taken now, as with another filter.
    else if (this.#line === undefined) this.#wake()
    else if (changed && this.#opened) this.#change().catch(this.#failed)
  }

  /** Tries again at once. */
  retry(): void {
    this.#failures = 0
    this.#wake()
  }

  readonly #failed = (error: unknown): void => this.#on.link({ state: 'refused', detail: asRefused(error).message })

  async #run(): Promise<void> {
    this.#running = true
    while (this.#views.length > 0) await this.#sleep(await this.#once())
    this.#running = false
    this.#lastId = ''
    this.#on.link({ state: 'idle' })
  }

  async #send(path: string, init: RequestInit = {}): Promise<Response> {
    const answer = await fetch(this.#server + path, init)
    if (!answer.ok) throw await refusedOf(answer)
    return answer
  }

  /** What is to be shown, as the server takes it. */
  #wanted(): Pick<RequestInit, 'body'> & { readonly headers: Readonly<Record<string, string>> } {
    return { body: JSON.stringify({ views: this.#views }), headers: { 'content-type': 'application/json' } }
  }

  /**
   * Tells the server of other views, one change after the other, while the stream goes on. Servers behind one address take
   * turns: the one that has the stream is met after a few; else another one opens it anew.
   */
  #change(): Promise<void> {
    this.#changes = this.#changes.then(async () => {
      try {
        for (let turn = 0; turn < turns; turn++) {
          const line = this.#line
          if (!this.#opened) return
          const answer = await this.#send(`/api/v1/live/${this.#sid}`, { method: 'PUT', ...this.#wanted() })
          const { open } = (await answer.json()) as { readonly open: boolean }
          // A line that was opened meanwhile has looked itself whether it shows what is wanted.
          if (this.#line !== line) return
          if (open) return this.#on.link({ state: 'live' })
        }
        this.#moves = true
        this.#line?.abort()
      } catch (error) {
        this.#refused(asRefused(error))
      }
    })
    return this.#changes
  }

  /** One connection, to its end. Answers how many ms to wait before the next. */
  async #once(): Promise<number> {
    const line = new AbortController()
    let watchdog: ReturnType<typeof setTimeout> | undefined
    this.#line = line
    try {
      this.#on.link({ state: 'connecting' })
      const wanted = this.#wanted()
      const answer = await this.#send(`/api/v1/live?sid=${this.#sid}`, {
        method: 'POST',
        signal: line.signal,
        ...wanted,
        headers: { ...wanted.headers, ...(this.#lastId === '' ? {} : { 'last-event-id': this.#lastId }) },
      })
      this.#opened = true
      this.#on.link({ state: 'live' })
      // It was asked for with other views than are wanted by now.
      if (this.#wanted().body !== wanted.body) this.#change().catch(this.#failed)
      const cutter = new EventCutter()
      const text = new TextDecoder()
      const reader = answer.body?.getReader()
      for (;;) {
        clearTimeout(watchdog)
        watchdog = setTimeout(() => line.abort(), silence)
        const { done = true, value } = (await reader?.read()) ?? {}
        if (done) break
        for (const { event, id, data } of cutter.take(text.decode(value, { stream: true }))) {
          if (id !== '') this.#lastId = id
          this.#failures = 0
          this.#on.event(event, JSON.parse(data) as Record<string, unknown>)
        }
      }
      return this.#later('The server closed the stream.')
    } catch (error) {
      if (this.#moves) return 0
      return error instanceof Refused
        ? this.#refused(error)
        : this.#views.length === 0
          ? 0
          : this.#later('The server does not answer.')
    } finally {
      clearTimeout(watchdog)
      this.#line = undefined
      this.#opened = false
      this.#moves = false
    }
  }

  /** What the server will not take as it is waits for somebody to change it; everything else is tried again. */
  #refused(error: Refused): number {
    if (error.status !== 429 && error.status < 500) {
      this.#on.link({
        state: 'refused',
        detail: plain(error.message),
        status: error.status,
        hints: error.hints,
        ...(error.queryId === undefined ? {} : { queryId: error.queryId }),
      })
      return Infinity
    }
    return this.#later(error.message, error.retryAfter * 1000)
  }

  #later(detail: string, least = 0): number {
    const step = Math.min(longest, shortest * 2 ** this.#failures++)
    const retryMs = Math.max(least, step * (0.75 + Math.random() / 2))
    this.#on.link({ state: 'waiting', detail, retryMs })
    return retryMs
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === Infinity ? undefined : setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** Names of views are ours, and say nothing to who reads. */
const plain = (message: string): string =>
  message.replace(/^View "[\w-]+": /, '').replace(/^View "[\w-]+" /, 'This view ')

/** Name of a session. `crypto.randomUUID` is missing where the page comes over plain HTTP from another machine. */
function hardToGuess(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
