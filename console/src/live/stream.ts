import type { LiveState } from '../../../src/api/published.ts'
import { asApiError, ApiError, apiErrorOf } from '../api/problem.ts'
import { EventCutter } from './event-stream.ts'
import type { Link, WantedView } from './messages.ts'
import { liveText } from '../text/live.ts'
import { generalText } from '../text/general.ts'

const shortest = 500
const longest = 30_000
const maxUpdateAttempts = 4
/** The server sends at least one message per second. */
const silenceMs = 20_000

type On = Readonly<{
  event: (event: string, data: Record<string, unknown>) => void
  link: (link: Link) => void
}>

/** Uses fetch instead of EventSource to read error responses. Reconnects from the last event id. */
export class Stream {
  readonly #on: On
  readonly #server: string
  readonly #sid = hardToGuess()
  #views: readonly WantedView[] = []
  #lastId = ''
  #failures = 0
  #line: AbortController | undefined
  #opened = false
  #running = false
  #moves = false
  #wake = () => {}
  #changes: Promise<void> = Promise.resolve()

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
    else if (this.#line === undefined) this.#wake()
    else if (changed && this.#opened) this.#change().catch(this.#failed)
  }

  retry(): void {
    this.#failures = 0
    this.#wake()
  }

  readonly #failed = (error: unknown) => this.#on.link({ state: 'refused', detail: asApiError(error).message })

  async #run() {
    this.#running = true
    while (this.#views.length > 0) await this.#sleep(await this.#once())
    this.#running = false
    this.#lastId = ''
    this.#on.link({ state: 'idle' })
  }

  async #send(path: string, init: RequestInit = {}): Promise<Response> {
    const answer = await fetch(this.#server + path, init)
    if (!answer.ok) throw await apiErrorOf(answer)
    return answer
  }

  #wanted(): Pick<RequestInit, 'body'> & { readonly headers: Readonly<Record<string, string>> } {
    return { body: JSON.stringify({ views: this.#views }), headers: { 'content-type': 'application/json' } }
  }

  #change() {
    this.#changes = this.#changes.then(async () => {
      try {
        for (let turn = 0; turn < maxUpdateAttempts; turn++) {
          const line = this.#line
          if (!this.#opened) return
          const answer = await this.#send(`/api/v1/live/${this.#sid}`, { method: 'PUT', ...this.#wanted() })
          const { open } = (await answer.json()) as LiveState
          if (this.#line !== line) return
          if (open) return this.#on.link({ state: 'live' })
        }
        this.#moves = true
        this.#line?.abort()
      } catch (error) {
        this.#refused(asApiError(error))
      }
    })
    return this.#changes
  }

  /** Returns the ms to wait before the next connection. */
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
      if (this.#wanted().body !== wanted.body) this.#change().catch(this.#failed)
      const cutter = new EventCutter()
      const text = new TextDecoder()
      const reader = answer.body?.getReader()
      for (;;) {
        clearTimeout(watchdog)
        watchdog = setTimeout(() => line.abort(), silenceMs)
        const { done = true, value } = (await reader?.read()) ?? {}
        if (done) break
        for (const { event, id, data } of cutter.take(text.decode(value, { stream: true }))) {
          if (id !== '') this.#lastId = id
          this.#failures = 0
          this.#on.event(event, JSON.parse(data) as Record<string, unknown>)
        }
      }
      return this.#later(liveText.streamClosed)
    } catch (error) {
      if (this.#moves) return 0
      return error instanceof ApiError
        ? this.#refused(error)
        : this.#views.length === 0
          ? 0
          : this.#later(generalText.noResponse)
    } finally {
      clearTimeout(watchdog)
      this.#line = undefined
      this.#opened = false
      this.#moves = false
    }
  }

  #refused(error: ApiError): number {
    // The server has other secrets than before: start with the newest rows.
    if (error.status === 400 && this.#lastId !== '') {
      this.#lastId = ''
      return 0
    }
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

  #later(detail: string, least = 0) {
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

const plain = (message: string) => message.replace(/^View "[\w-]+": /, '').replace(/^View "[\w-]+" /, liveText.thisView)

/** `crypto.randomUUID` is missing on plain HTTP from another machine. */
function hardToGuess() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
